package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	rspec "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/opencontainers/runtime-tools/cgroups"
	"github.com/opencontainers/runtime-tools/generate/seccomp"
	"github.com/opencontainers/runtime-tools/specerror"
)

var checks = []check{
	{"create needs a bundle and an id", specerror.CreateWithBundlePathAndID, func(c *container) error {
		_, noBundle := c.call("create", "--bundle", c.directory+"/none", c.id)
		_, noID := c.call("create", "--bundle", c.directory)
		return first(mustFail("create without a bundle", noBundle), mustFail("create without an id", noID))
	}},
	{"ids are unique", specerror.CreateWithUniqueID, func(c *container) error {
		if err := sleeping(c); err != nil {
			return err
		}
		_, again := c.call("create", "--bundle", c.directory, c.id)
		return mustFail("a second create", again)
	}},
	{"state of what is not there is an error", specerror.QueryNonExistGenError, func(c *container) error {
		_, err := c.call("state", c.id)
		_, noID := c.call("state")
		return first(mustFail("state", err), mustFail("state without an id", noID))
	}},
	{"state tells all it must", specerror.DefaultStateJSONPattern, func(c *container) error {
		c.AddAnnotation("org.example.key", "value")
		if err := sleeping(c); err != nil {
			return err
		}
		state, err := c.state()
		if err != nil {
			return err
		}
		if state.ID != c.id || state.Pid <= 0 || state.Bundle != c.directory || state.Annotations["org.example.key"] != "value" {
			return fmt.Errorf("got %+v", state)
		}
		return nil
	}},
	{"the program does not run before start", specerror.ProcNotRunAtResRequest, func(c *container) error {
		c.SetProcessArgs([]string{"/bin/echo", "ran"})
		return first(c.create(), c.reaches(rspec.StateCreated), os.WriteFile(c.output, nil, 0o644), c.wrote(""),
			c.start(), c.reaches(rspec.StateStopped), c.wrote("ran"))
	}},
	{"changes of config.json have no effect", specerror.ConfigUpdatesWithoutAffect, func(c *container) error {
		c.SetProcessArgs([]string{"/bin/echo", "first"})
		if err := c.create(); err != nil {
			return err
		}
		c.SetProcessArgs([]string{"/bin/echo", "second"})
		return first(c.save(), c.start(), c.reaches(rspec.StateStopped), c.wrote("first"))
	}},
	{"start needs a created container", specerror.StartNotCreatedGenError, func(c *container) error {
		absent := c.start()
		if err := first(sleeping(c), c.start()); err != nil {
			return err
		}
		return first(mustFail("start of nothing", absent), mustFail("a second start", c.start()), c.reaches(rspec.StateRunning))
	}},
	{"kill sends the signal", specerror.KillSignalImplement, func(c *container) error {
		c.SetProcessArgs([]string{"/bin/sh", "-c", "trap 'echo caught; exit' USR1; echo ready; while :; do sleep 0.05; done"})
		if err := first(c.create(), c.start(), c.reaches(rspec.StateRunning), c.waitFor("ready")); err != nil {
			return err
		}
		_, err := c.call("kill", c.id, "USR1")
		return first(err, c.reaches(rspec.StateStopped), c.wrote("ready\ncaught"))
	}},
	{"kill of what is stopped is an error", specerror.KillNonCreateRunGenError, func(c *container) error {
		if err := c.prints("true", ""); err != nil {
			return err
		}
		_, err := c.call("kill", c.id, "KILL")
		return mustFail("kill", err)
	}},
	{"delete of what runs is an error", specerror.DeleteNonStopGenError, func(c *container) error {
		if err := first(sleeping(c), c.start()); err != nil {
			return err
		}
		_, err := c.call("delete", c.id)
		return first(mustFail("delete", err), c.reaches(rspec.StateRunning))
	}},
	{"delete frees the id", specerror.DeleteResImplement, func(c *container) error {
		if err := c.prints("echo one", "one"); err != nil {
			return err
		}
		_, err := c.call("delete", c.id)
		_, gone := c.call("state", c.id)
		return first(err, mustFail("state after delete", gone), c.create())
	}},
	{"delete leaves what it did not make", specerror.DeleteOnlyCreatedRes, func(c *container) error {
		if err := c.prints("touch /kept", ""); err != nil {
			return err
		}
		_, err := c.call("delete", c.id)
		_, missing := os.Stat(filepath.Join(c.directory, "rootfs/kept"))
		return first(err, missing)
	}},
	{"what cannot be applied fails the create", specerror.PropApplyFailGenError, func(c *container) error {
		c.SetProcessArgs([]string{"/bin/true"})
		c.AddMount(rspec.Mount{Destination: "/mnt", Type: "nosuchfs", Source: "none"})
		err := c.create()
		_, state := c.call("state", c.id)
		return first(mustFail("create", err), mustFail("state", state))
	}},
	{"unknown properties are ignored", specerror.ExtensibilityIgnoreUnknownProp, func(c *container) error {
		c.SetProcessArgs([]string{"/bin/echo", "ran"})
		if err := c.save(); err != nil {
			return err
		}
		file := filepath.Join(c.directory, "config.json")
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		changed := strings.Replace(string(text), "{", `{"org.example": {"x": 1},`, 1)
		if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
			return err
		}
		_, err = c.call("create", "--bundle", c.directory, c.id)
		return first(err, c.start(), c.reaches(rspec.StateStopped), c.wrote("ran"))
	}},
	{"ociVersion must be a version", specerror.SpecVersionInSemVer, func(c *container) error {
		c.Config.Version = "1.0.0"
		if err := c.save(); err != nil {
			return err
		}
		file := filepath.Join(c.directory, "config.json")
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(strings.Replace(string(text), `"1.0.0"`, `"one"`, 1)), 0o644); err != nil {
			return err
		}
		_, err = c.call("create", "--bundle", c.directory, c.id)
		return mustFail("create", err)
	}},

	{"process", specerror.NonRFCError, func(c *container) error {
		c.SetProcessUID(10)
		c.SetProcessGID(20)
		c.AddProcessAdditionalGid(30)
		c.SetProcessCwd("/tmp")
		c.AddProcessEnv("TESTENV", "value")
		return c.prints(`id -u; id -G; readlink /proc/self/cwd; echo $TESTENV`, "10\n20 30\n/tmp\nvalue")
	}},
	{"capabilities", specerror.NonRFCError, func(c *container) error {
		c.ClearProcessCapabilities()
		c.SetProcessNoNewPrivileges(true)
		for _, add := range []func(string) error{c.AddProcessCapabilityBounding, c.AddProcessCapabilityEffective,
			c.AddProcessCapabilityInheritable, c.AddProcessCapabilityPermitted, c.AddProcessCapabilityAmbient} {
			if err := add("CAP_NET_BIND_SERVICE"); err != nil {
				return err
			}
		}
		set := ":\t0000000000000400\n"
		return c.prints("grep -E 'Cap|NoNew' /proc/self/status",
			"CapInh"+set+"CapPrm"+set+"CapEff"+set+"CapBnd"+set+"CapAmb"+set+"NoNewPrivs:\t1")
	}},
	{"rlimits", specerror.PosixProcRlimitsSoftMatchCur, func(c *container) error {
		c.AddProcessRlimits("RLIMIT_NOFILE", 512, 256)
		c.AddProcessRlimits("RLIMIT_CORE", 0, 0)
		return c.prints("ulimit -Sn; ulimit -Hn; ulimit -c", "256\n512\n0")
	}},
	{"rlimits: a type twice is an error", specerror.PosixProcRlimitsErrorOnDup, func(c *container) error {
		limit := rspec.POSIXRlimit{Type: "RLIMIT_NOFILE", Hard: 512, Soft: 256}
		c.SetProcessArgs([]string{"/bin/true"})
		c.Config.Process.Rlimits = []rspec.POSIXRlimit{limit, limit}
		return mustFail("create", c.create())
	}},
	{"oomScoreAdj", specerror.LinuxProcOomScoreAdjSet, func(c *container) error {
		c.SetProcessOOMScoreAdj(500)
		return c.prints("cat /proc/self/oom_score_adj", "500")
	}},
	{"hostname", specerror.NonRFCError, func(c *container) error {
		c.SetHostname("conformance")
		return c.prints("hostname", "conformance")
	}},
	{"root: readonly", specerror.RootReadonlyImplement, func(c *container) error {
		c.SetRootReadonly(true)
		return c.prints("touch /x 2>/dev/null || echo refused", "refused")
	}},
	{"mounts: in order", specerror.MountsInOrder, func(c *container) error {
		c.AddMount(rspec.Mount{Destination: "/mnt", Type: "tmpfs", Source: "first"})
		c.AddMount(rspec.Mount{Destination: "/mnt/a/b", Type: "tmpfs", Source: "second", Options: []string{"ro", "nosuid", "nodev", "noexec"}})
		return c.prints(`while read -r s d t o _; do case $d in /mnt*) echo $d ${o%%,relatime*};; esac; done </proc/mounts`,
			"/mnt rw\n/mnt/a/b ro,nosuid,nodev,noexec")
	}},
	{"default filesystems", specerror.DefaultFilesystems, func(c *container) error {
		return c.prints(`for d in /proc /sys /dev/pts /dev/shm; do grep -q " $d " /proc/mounts && echo $d; done`,
			"/proc\n/sys\n/dev/pts\n/dev/shm")
	}},
	{"default devices", specerror.DefaultDevices, func(c *container) error {
		return c.prints(`cd /dev; for d in null zero full random urandom tty; do stat -c '%n %t:%T' $d; done; for d in ptmx fd stdin; do readlink $d; done`,
			"null 1:3\nzero 1:5\nfull 1:7\nrandom 1:8\nurandom 1:9\ntty 5:0\npts/ptmx\n/proc/self/fd\n/proc/self/fd/0")
	}},
	{"devices", specerror.DevicesAvailable, func(c *container) error {
		mode, uid := os.FileMode(0o640), uint32(7)
		c.AddDevice(rspec.LinuxDevice{Path: "/dev/test", Type: "c", Major: 1, Minor: 7, FileMode: &mode, UID: &uid, GID: &uid})
		c.AddDevice(rspec.LinuxDevice{Path: "/dev/pipe", Type: "p", FileMode: &mode})
		return c.prints(`stat -c '%n %F %t:%T %a %u:%g' /dev/test /dev/pipe`,
			"/dev/test character special file 1:7 640 7:7\n/dev/pipe fifo 0:0 640 0:0")
	}},
	{"maskedPaths, readonlyPaths", specerror.NonRFCError, func(c *container) error {
		if err := first(os.WriteFile(filepath.Join(c.directory, "rootfs/secret"), []byte("secret\n"), 0o644),
			os.WriteFile(filepath.Join(c.directory, "rootfs/fixed"), []byte("fixed\n"), 0o644)); err != nil {
			return err
		}
		c.AddLinuxMaskedPaths("/secret")
		c.AddLinuxReadonlyPaths("/fixed")
		return c.prints("cat /secret /fixed; echo 2>/dev/null >/fixed || echo refused", "fixed\nrefused")
	}},
	{"sysctl", specerror.NonRFCError, func(c *container) error {
		c.AddLinuxSysctl("net.ipv4.ip_forward", "1")
		return c.prints("cat /proc/sys/net/ipv4/ip_forward", "1")
	}},
	{"rootfsPropagation", specerror.NonRFCError, func(c *container) error {
		return first(c.SetLinuxRootPropagation("shared"), c.prints(`grep -c ' / rw.* shared:' /proc/self/mountinfo`, "1"))
	}},
	{"namespaces: new ones", specerror.NSNewNSWithoutPath, func(c *container) error {
		files := []string{"pid", "net", "mnt", "ipc", "uts"}
		c.SetProcessArgs([]string{"/bin/sleep", "60"})
		if err := c.create(); err != nil {
			return err
		}
		state, err := c.state()
		if err != nil {
			return err
		}
		for _, file := range files {
			if namespace(state.Pid, file) == namespace(os.Getpid(), file) {
				return fmt.Errorf("%s is that of the host", file)
			}
		}
		return nil
	}},
	{"namespaces: those not listed are inherited", specerror.NSInheritWithoutType, func(c *container) error {
		if err := first(c.RemoveLinuxNamespace("network"), c.RemoveLinuxNamespace("ipc")); err != nil {
			return err
		}
		c.RemoveMount("/dev/mqueue")
		return c.prints("readlink /proc/self/ns/net; readlink /proc/self/ns/ipc", namespace(os.Getpid(), "net")+"\n"+namespace(os.Getpid(), "ipc"))
	}},
	{"namespaces: by path", specerror.NSProcInPath, func(c *container) error {
		path := fmt.Sprintf("/proc/%d/ns/net", os.Getpid())
		if err := c.AddOrReplaceLinuxNamespace("network", path); err != nil {
			return err
		}
		return c.prints("readlink /proc/self/ns/net", namespace(os.Getpid(), "net"))
	}},
	{"namespaces: a path of another type is an error", specerror.NSPathMatchTypeError, func(c *container) error {
		c.SetProcessArgs([]string{"/bin/true"})
		return first(c.AddOrReplaceLinuxNamespace("ipc", fmt.Sprintf("/proc/%d/ns/net", os.Getpid())), mustFail("create", c.create()))
	}},
	{"namespaces: a type twice is an error", specerror.NSErrorOnDup, func(c *container) error {
		c.SetProcessArgs([]string{"/bin/true"})
		c.Config.Linux.Namespaces = append(c.Config.Linux.Namespaces, rspec.LinuxNamespace{Type: "pid"})
		return mustFail("create", c.create())
	}},
	{"seccomp", specerror.NonRFCError, func(c *container) error {
		if err := first(c.SetDefaultSeccompAction("allow"),
			c.SetSyscallAction(seccomp.SyscallOpts{Action: "errno", Syscall: "mkdir"}),
			c.SetSyscallAction(seccomp.SyscallOpts{Action: "errno", Syscall: "mkdirat"})); err != nil {
			return err
		}
		return c.prints("mkdir /d 2>/dev/null || echo refused; touch /f && echo made", "refused\nmade")
	}},
	{"seccomp: a rule needs names", specerror.SeccSyscallsNamesRequired, func(c *container) error {
		c.SetProcessArgs([]string{"/bin/true"})
		c.Config.Linux.Seccomp = &rspec.LinuxSeccomp{DefaultAction: rspec.ActAllow, Syscalls: []rspec.LinuxSyscall{{Names: []string{}, Action: rspec.ActErrno}}}
		return mustFail("create", c.create())
	}},

	{"hooks: in their order", specerror.PosixHooksCalledInOrder, func(c *container) error {
		c.AddPreStartHook(c.hook("prestart1", ""))
		c.AddPreStartHook(c.hook("prestart2", ""))
		c.AddPostStartHook(c.hook("poststart", ""))
		c.AddPostStopHook(c.hook("poststop", ""))
		if err := c.prints("true", "prestart1\nprestart2\npoststart"); err != nil {
			return err
		}
		_, err := c.call("delete", c.id)
		return first(err, c.wrote("prestart1\nprestart2\npoststart\npoststop"))
	}},
	{"hooks: the state is on stdin", specerror.PosixHooksStateToStdin, func(c *container) error {
		c.AddPreStartHook(c.hook("hook", fmt.Sprintf(`echo "$state" | grep -o '"id":"%s"' >>%s`, c.id, c.output)))
		return c.prints("true", fmt.Sprintf("hook\n\"id\":\"%s\"", c.id))
	}},
	{"hooks: a path must be absolute", specerror.PosixHooksPathAbs, func(c *container) error {
		c.AddPreStartHook(rspec.Hook{Path: "bin/true"})
		c.SetProcessArgs([]string{"/bin/true"})
		return mustFail("create", c.create())
	}},
	{"hooks: a failing prestart undoes the create", specerror.PrestartHookFailGenError, func(c *container) error {
		c.AddPreStartHook(c.hook("prestart", "exit 1"))
		c.SetProcessArgs([]string{"/bin/true"})
		err := c.create()
		_, state := c.call("state", c.id)
		return first(mustFail("create", err), mustFail("state", state))
	}},
	{"hooks: after a failing poststop come others", specerror.PoststopHookFailGenWarn, func(c *container) error {
		c.AddPostStopHook(c.hook("one", "exit 1"))
		c.AddPostStopHook(c.hook("two", ""))
		if err := c.prints("true", ""); err != nil {
			return err
		}
		c.call("delete", c.id)
		return c.wrote("one\ntwo")
	}},

	{"cgroupsPath", specerror.CgroupsAbsPathRelToMount, func(c *container) error {
		path := "/" + c.id
		c.SetLinuxCgroupsPath(path)
		if err := sleeping(c); err != nil {
			return err
		}
		state, err := c.state()
		if err != nil {
			return err
		}
		got, err := cgroups.GetSubsystemPath(state.Pid, "pids")
		if err == nil && got != path {
			return fmt.Errorf("is in %s instead of %s", got, path)
		}
		return err
	}},
	{"resources", specerror.NonRFCError, func(c *container) error {
		c.SetLinuxCgroupsPath("/" + c.id)
		c.SetLinuxResourcesMemoryLimit(64 << 20)
		c.SetLinuxResourcesMemoryReservation(32 << 20)
		c.SetLinuxResourcesMemorySwappiness(11)
		c.SetLinuxResourcesCPUShares(512)
		c.SetLinuxResourcesCPUQuota(50000)
		c.SetLinuxResourcesCPUPeriod(100000)
		c.SetLinuxResourcesPidsLimit(77)
		if err := sleeping(c); err != nil {
			return err
		}
		state, err := c.state()
		if err != nil {
			return err
		}
		found, err := cgroups.FindCgroup()
		if err != nil {
			return err
		}
		memory, err := found.GetMemoryData(state.Pid, *cgroupsPath(c))
		if err != nil {
			return err
		}
		cpu, err := found.GetCPUData(state.Pid, *cgroupsPath(c))
		if err != nil {
			return err
		}
		pids, err := found.GetPidsData(state.Pid, *cgroupsPath(c))
		if err != nil {
			return err
		}
		got := fmt.Sprint(*memory.Limit, *memory.Reservation, *memory.Swappiness, *cpu.Shares, *cpu.Quota, *cpu.Period, pids.Limit)
		if expected := fmt.Sprint(64<<20, 32<<20, 11, 512, 50000, 100000, 77); got != expected {
			return fmt.Errorf("got %s instead of %s", got, expected)
		}
		return nil
	}},
}

func cgroupsPath(c *container) *string { return &c.Config.Linux.CgroupsPath }

func sleeping(c *container) error {
	c.SetProcessArgs([]string{"/bin/sleep", "60"})
	return c.create()
}

func namespace(pid int, file string) string {
	link, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", pid, file))
	if err != nil {
		return err.Error()
	}
	return link
}
