// Runs the validation programs of OCI runtime-tools on every runtime that is named, and holds the first against the others.
// Usage: validation EXPECTED DIRECTORY LOGS RUNTIME...
//
// DIRECTORY has the programs, and what they look for in their working directory: runtimetest and a root filesystem.
// LOGS gets what they print.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// How many programs run at a time. They mostly wait, up to 1 s for each change of a state.
const atATime = 2

func main() {
	expected, directory, logs, runtimes := readExpected(os.Args[1]), os.Args[2], os.Args[3], os.Args[4:]
	programs := find(directory)
	work, err := os.MkdirTemp("", "runts-validation-")
	if err != nil {
		panic(err)
	}
	// Users of user namespaces come here, too.
	if err := os.Chmod(work, 0o711); err != nil {
		panic(err)
	}
	// An interrupted run ends with the programs that are under way, which remove their containers.
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	stop := make(chan struct{})
	go func() { <-interrupted; close(stop) }()

	verdicts := make([][]verdict, len(programs))
	var cgroups sync.Mutex
	var all sync.WaitGroup
	slots := make(chan struct{}, atATime)
	for index, program := range programs {
		all.Add(1)
		go func(index int, program string) {
			defer all.Done()
			// These share one cgroup of the host.
			if strings.Contains(program, "cgroups") || program == "delete_only_create_resources" {
				cgroups.Lock()
				defer cgroups.Unlock()
			}
			for _, runtime := range runtimes {
				slots <- struct{}{}
				select {
				case <-stop:
				default:
					name := filepath.Base(runtime)
					r := run{directory, program, runtime, filepath.Join(work, program+"-"+name), logs}
					known := expected[name+" "+program]
					verdicts[index] = append(verdicts[index], r.judge(known.reason == "" || known.sometimes))
				}
				<-slots
			}
		}(index, program)
	}
	all.Wait()
	os.RemoveAll(work)
	select {
	case <-stop:
		fmt.Println("interrupted")
		os.Exit(130)
	default:
	}
	if failed := report(programs, runtimes, verdicts, expected); failed > 0 {
		os.Exit(1)
	}
}

func find(directory string) (programs []string) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		panic(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); name != "runtimetest" && !strings.Contains(name, ".") {
			programs = append(programs, name)
		}
	}
	return programs
}

// report prints a line for each program, then why what failed did, and returns how much is not as it should be.
func report(programs, runtimes []string, verdicts [][]verdict, expected map[string]expectation) int {
	passed, failed := 0, 0
	var notes []string
	fmt.Printf("%-40s", "")
	for _, runtime := range runtimes {
		fmt.Printf("%-7s", filepath.Base(runtime))
	}
	fmt.Println()
	for index, program := range programs {
		fmt.Printf("%-40s", program)
		for column, runtime := range runtimes {
			key := filepath.Base(runtime) + " " + program
			word, note := compare(key, verdicts[index], column, expected[key])
			delete(expected, key)
			if word == "FAIL" {
				failed++
			} else {
				passed++
			}
			if note != "" {
				notes = append(notes, word+" "+key+": "+note)
			}
			fmt.Printf("%-7s", word)
		}
		fmt.Println()
	}
	for key := range expected {
		failed++
		notes = append(notes, "FAIL "+key+": is listed, but there is no such program or runtime")
	}
	fmt.Println(strings.Join(notes, "\n"))
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	return failed
}

// compare holds a verdict against what is listed, and that of the first runtime also against those of the others.
func compare(key string, all []verdict, column int, listed expectation) (word, note string) {
	own := all[column]
	others := false
	for _, other := range all[1:] {
		others = others || other.passed
	}
	switch {
	case own.passed && listed.reason != "" && !listed.sometimes:
		return "FAIL", "passes, but is listed as failing: " + listed.reason
	case own.passed:
		return "ok", ""
	case listed.reason == "":
		return "FAIL", own.why
	case column == 0 && others && !listed.alone:
		return "FAIL", "another runtime passes it: " + own.why
	}
	return "-", listed.reason
}
