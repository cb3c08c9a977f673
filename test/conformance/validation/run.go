package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// One program on one runtime.
type run struct{ directory, program, runtime, work, logs string }

type verdict struct {
	passed bool
	why    string
}

const (
	attempts = 3
	patience = time.Minute
	hybrid   = "/sys/fs/cgroup/unified"
)

// Runs what follows it in a mount namespace of its own, as runc leaves mounts behind where a container has none.
var inNamespace = []string{"unshare", "--mount", "sh", "-c", `"$@"`, "sh"}

// crun refuses hosts with controllers on both v1 and v2, so it does not get to see the v2 hierarchy of such a host.
var withoutHybrid = []string{"unshare", "--mount", "sh", "-c", "umount " + hybrid + ` && "$@"`, "sh"}

// judge runs the program, and, when it should pass, again if it did not: some have races of their own. (poststart, say, wants
// what the container has written before what its hook writes.)
func (r run) judge(again bool) verdict {
	var last verdict
	for attempt := 0; attempt < attempts && !last.passed && (attempt == 0 || again); attempt++ {
		last = r.once()
	}
	return last
}

func (r run) once() verdict {
	defer os.RemoveAll(r.work)
	for _, name := range []string{"tmp", "state"} {
		if err := os.MkdirAll(filepath.Join(r.work, name), 0o711); err != nil {
			return verdict{why: err.Error()}
		}
	}
	command, err := r.wrapper()
	if err != nil {
		return verdict{why: err.Error()}
	}
	defer r.clean(command)
	var stdout, stderr bytes.Buffer
	err = r.call(command, &stdout, &stderr)
	r.log(stdout.Bytes(), stderr.Bytes())
	return judge(stdout.String(), stderr.String(), err)
}

// wrapper makes the command that the program knows as the runtime: with a state directory of its own.
func (r run) wrapper() (string, error) {
	path := filepath.Join(r.work, filepath.Base(r.runtime))
	text := fmt.Sprintf("#!/bin/sh\nexec '%s' --root '%s/state' \"$@\"\n", r.runtime, r.work)
	return path, os.WriteFile(path, []byte(text), 0o755)
}

func (r run) call(runtime string, stdout, stderr *bytes.Buffer) error {
	args := inNamespace
	if _, err := os.Stat(hybrid); err == nil && filepath.Base(r.runtime) == "crun" {
		args = withoutHybrid
	}
	args = append(append([]string{}, args...), filepath.Join(r.directory, r.program))
	command := exec.Command(args[0], args[1:]...)
	command.Dir = r.directory
	command.Env = append(os.Environ(), "RUNTIME="+runtime, "TMPDIR="+filepath.Join(r.work, "tmp"))
	command.Stdout, command.Stderr = stdout, stderr
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		return err
	}
	timer := time.AfterFunc(patience, func() { syscall.Kill(-command.Process.Pid, syscall.SIGKILL) })
	defer timer.Stop()
	return command.Wait()
}

// clean removes the containers that the program has left.
func (r run) clean(runtime string) {
	entries, _ := os.ReadDir(filepath.Join(r.work, "state"))
	for _, entry := range entries {
		exec.Command(runtime, "delete", "--force", entry.Name()).Run()
	}
}

func (r run) log(stdout, stderr []byte) {
	directory := filepath.Join(r.logs, filepath.Base(r.runtime))
	if err := os.MkdirAll(directory, 0o755); err != nil {
		panic(err)
	}
	if err := os.WriteFile(filepath.Join(directory, r.program), append(stdout, stderr...), 0o644); err != nil {
		panic(err)
	}
}

var (
	result = regexp.MustCompile(`(?m)^(not )?ok \d+.*`)
	plan   = regexp.MustCompile(`(?m)^1\.\.(\d+)$`)
	remark = regexp.MustCompile(`(?m)^ +"error": "(.+)"`)
)

// judge reads the Test Anything Protocol. Some programs tell failures in a remark only; these count, too.
func judge(stdout, stderr string, err error) verdict {
	if err != nil {
		lines := strings.Split(strings.TrimSpace(stderr), "\n")
		return verdict{why: fmt.Sprintf("%v: %s", err, strings.Join(lines, " | "))}
	}
	results := result.FindAllString(stdout, -1)
	for _, line := range results {
		if strings.HasPrefix(line, "not ") && !strings.Contains(line, "# TODO") {
			return verdict{why: line}
		}
	}
	if planned := plan.FindStringSubmatch(stdout); planned != nil && planned[1] != fmt.Sprint(len(results)) {
		return verdict{why: fmt.Sprintf("%d results instead of %s", len(results), planned[1])}
	}
	if said := remark.FindStringSubmatch(stdout); said != nil && len(results) == 0 {
		return verdict{why: said[1]}
	}
	return verdict{passed: true}
}
