// Conformance: requirements of the runtime-spec, each as a config that OCI runtime-tools generates, and what must
// hold of its container, checked on every runtime that is named. Usage: conformance EXPECTED RUNTIME...
//
// EXPECTED lists what is known to fail, as "runtime check -- reason"; anything else that fails, and anything in it that
// passes, is a failure.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/opencontainers/runtime-tools/specerror"
)

// The runtime-spec that the references of runtime-tools lead to.
const specVersion = "1.0.2"

func main() {
	expected := readExpected(os.Args[1])
	runtimes := os.Args[2:]
	work, err := os.MkdirTemp("", "runts-conformance-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(work)
	// An interrupted run ends with the check that is under way, which removes its container.
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)

	passed, failed := 0, 0
	fmt.Printf("%-46s", "")
	for _, runtime := range runtimes {
		fmt.Printf("%-7s", filepath.Base(runtime))
	}
	fmt.Println()
	var notes []string
	for number, check := range checks {
		fmt.Printf("%-46s", check.name)
		for index, runtime := range runtimes {
			key := filepath.Base(runtime) + " " + check.name
			reason, known := expected[key]
			delete(expected, key)
			err := run(check, runtime, filepath.Join(work, fmt.Sprintf("%d-%d", number, index)))
			word := "ok"
			if err != nil {
				word = "-"
			}
			if (err != nil) == known {
				passed++
			} else {
				failed++
				word = "FAIL"
			}
			fmt.Printf("%-7s", word)
			switch {
			case err != nil && known:
				notes = append(notes, fmt.Sprintf("- %s: %s", key, reason))
			case err != nil:
				notes = append(notes, fmt.Sprintf("FAIL %s: %v%s", key, err, reference(check)))
			case known:
				notes = append(notes, fmt.Sprintf("FAIL %s: passes, but is listed as failing: %s", key, reason))
			}
		}
		fmt.Println()
		select {
		case <-interrupted:
			os.RemoveAll(work)
			fmt.Println("interrupted")
			os.Exit(130)
		default:
		}
	}
	for key := range expected {
		failed++
		notes = append(notes, "FAIL "+key+": is listed, but there is no such check or runtime")
	}
	fmt.Println(strings.Join(notes, "\n"))
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		os.RemoveAll(work)
		os.Exit(1)
	}
}

// reference tells where the specification demands it.
func reference(check check) string {
	if check.code == specerror.NonRFCError {
		return ""
	}
	err, broken := specerror.NewRFCError(check.code, fmt.Errorf(""), specVersion)
	if broken != nil {
		return ""
	}
	return fmt.Sprintf(" (%s)", err.Reference)
}

func readExpected(path string) map[string]string {
	text, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	expected := map[string]string{}
	for _, line := range strings.Split(string(text), "\n") {
		key, reason, found := strings.Cut(line, " -- ")
		if found && !strings.HasPrefix(line, "#") {
			expected[key] = reason
		}
	}
	return expected
}
