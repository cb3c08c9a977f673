package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/opencontainers/runtime-tools/generate"
	"github.com/opencontainers/runtime-tools/specerror"
)

type check struct {
	name string
	code specerror.Code
	run  func(c *container) error
}

// A container of one runtime, in a bundle of its own.
type container struct {
	*generate.Generator
	runtime, directory, id string
	// What its program and its hooks have written.
	output string
}

const hybrid = "/sys/fs/cgroup/unified"

const patience = 10 * time.Second

func run(check check, runtime, directory string) (err error) {
	generator, err := generate.New("linux")
	if err != nil {
		return err
	}
	generator.SetProcessTerminal(false)
	generator.SetRootPath("rootfs")
	generator.SetRootReadonly(false)
	c := &container{&generator, runtime, directory, fmt.Sprintf("conformance-%s-%d", filepath.Base(directory), os.Getpid()), filepath.Join(directory, "output")}
	if err := makeRootfs(filepath.Join(directory, "rootfs")); err != nil {
		return err
	}
	defer os.RemoveAll(directory)
	defer c.call("delete", "--force", c.id)
	return check.run(c)
}

func makeRootfs(rootfs string) error {
	for _, name := range []string{"bin", "proc", "dev", "sys", "tmp", "etc", "mnt"} {
		if err := os.MkdirAll(filepath.Join(rootfs, name), 0o755); err != nil {
			return err
		}
	}
	busybox, err := os.ReadFile("/bin/busybox")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(rootfs, "bin/busybox"), busybox, 0o755); err != nil {
		return err
	}
	for _, name := range strings.Fields("sh cat id hostname ls stat sleep true readlink grep touch echo mkdir head") {
		if err := os.Symlink("busybox", filepath.Join(rootfs, "bin", name)); err != nil {
			return err
		}
	}
	return nil
}

func (c *container) save() error {
	return c.SaveToFile(filepath.Join(c.directory, "config.json"), generate.ExportOptions{})
}

// call runs the runtime; its output goes to a file, since the container's program keeps it open.
func (c *container) call(action string, args ...string) (string, error) {
	said := filepath.Join(c.directory, "said")
	log, err := os.Create(said)
	if err != nil {
		return "", err
	}
	defer log.Close()
	out, err := os.OpenFile(c.output, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return "", err
	}
	defer out.Close()
	args = append([]string{c.runtime, "--root", filepath.Join(c.directory, "state"), action}, args...)
	// crun refuses hosts with controllers on both v1 and v2, so it does not get to see the v2 hierarchy of such a host.
	if _, err := os.Stat(hybrid); err == nil && filepath.Base(c.runtime) == "crun" {
		args = append([]string{"unshare", "--mount", "sh", "-c", "umount " + hybrid + ` && exec "$@"`, "sh"}, args...)
	}
	command := exec.Command(args[0], args[1:]...)
	command.Dir = c.directory
	command.Stdout, command.Stderr = out, log
	var stdout bytes.Buffer
	if action == "state" {
		command.Stdout = &stdout
	}
	if err := command.Start(); err != nil {
		return "", err
	}
	timer := time.AfterFunc(patience, func() { command.Process.Kill() })
	defer timer.Stop()
	if err := command.Wait(); err != nil {
		text, _ := os.ReadFile(said)
		return stdout.String(), fmt.Errorf("%s: %v: %s", action, err, strings.TrimSpace(string(text)))
	}
	return stdout.String(), nil
}

func (c *container) create() error {
	if err := c.save(); err != nil {
		return err
	}
	_, err := c.call("create", "--bundle", c.directory, c.id)
	return err
}

func (c *container) start() error {
	_, err := c.call("start", c.id)
	return err
}

func (c *container) state() (state rspec.State, err error) {
	text, err := c.call("state", c.id)
	if err != nil {
		return state, err
	}
	return state, json.Unmarshal([]byte(text), &state)
}

func (c *container) reaches(status rspec.ContainerState) error {
	var state rspec.State
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if state, err = c.state(); err == nil && state.Status == status {
			return nil
		}
	}
	return fmt.Errorf("is %q, not %q (%v)", state.Status, status, err)
}

// prints runs a script as the program of the container, to its end, and compares what it wrote.
func (c *container) prints(script, expected string) error {
	c.SetProcessArgs([]string{"/bin/sh", "-c", script})
	if err := c.create(); err != nil {
		return err
	}
	if err := c.start(); err != nil {
		return err
	}
	if err := c.reaches(rspec.StateStopped); err != nil {
		return err
	}
	return c.wrote(expected)
}

func (c *container) wrote(expected string) error {
	text, err := os.ReadFile(c.output)
	if err != nil {
		return err
	}
	if got := strings.TrimSpace(string(text)); got != expected {
		return fmt.Errorf("got %q instead of %q", got, expected)
	}
	return nil
}

// hook reads the state, as crun ends by SIGPIPE otherwise, and appends a line to the output; `more` is shell.
func (c *container) hook(line, more string) rspec.Hook {
	return rspec.Hook{Path: "/bin/sh", Args: []string{"sh", "-c", fmt.Sprintf("state=$(cat); echo %s >>%s; %s", line, c.output, more)}}
}

func mustFail(what string, err error) error {
	if err == nil {
		return fmt.Errorf("%s succeeded", what)
	}
	return nil
}

func first(errors ...error) error {
	for _, err := range errors {
		if err != nil {
			return err
		}
	}
	return nil
}

// waitFor waits until the program has written this.
func (c *container) waitFor(expected string) (err error) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if err = c.wrote(expected); err == nil {
			return nil
		}
	}
	return err
}
