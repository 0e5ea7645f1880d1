package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// clockTicks is the unit of CPU times in /proc: 100 a second on every Linux
// that Go runs on.
const clockTicks = 100

// cpuSeconds is what a process has used so far, user and system.
func cpuSeconds(pid int) (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The name in parentheses may hold spaces; count after it.
	s := string(b)
	f := strings.Fields(s[strings.LastIndexByte(s, ')')+1:])
	if len(f) < 13 {
		return 0, fmt.Errorf("process %d: short stat", pid)
	}
	user, err := strconv.ParseFloat(f[11], 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseFloat(f[12], 64)
	return (user + system) / clockTicks, err
}

// rssBytes is a process's resident memory.
func rssBytes(pid int) (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	kb, err := strconv.ParseFloat(strings.TrimSuffix(field(string(b), "VmRSS"), " kB"), 64)
	return kb * 1024, err
}

// field returns the value of "name: value" in a file of such lines.
func field(text, name string) string {
	for line := range strings.Lines(text) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == name {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// machine describes where the figures were made, in one line.
func machine() string {
	cpu, _ := os.ReadFile("/proc/cpuinfo")
	mem, _ := os.ReadFile("/proc/meminfo")
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	kb, _ := strconv.ParseFloat(strings.TrimSuffix(field(string(mem), "MemTotal"), " kB"), 64)
	return fmt.Sprintf("%d × %s, %.0f GB, Linux %s, %s", runtime.NumCPU(), field(string(cpu), "model name"), kb/1024/1024, strings.TrimSpace(string(kernel)), runtime.Version())
}
