package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
)

// cost is what one operation takes of the processors.
type cost struct {
	Store string `json:"store"`
	// Own is what this process takes, which is server and callers. Machine is
	// what all processes and the kernel take together.
	Own     time.Duration `json:"own_ns"`
	Machine time.Duration `json:"machine_ns"`
}

// Others is what is left for the database and for the kernel on its behalf.
func (c cost) Others() time.Duration { return max(0, c.Machine-c.Own) }

// Bound is how many operations a second the processors have time for.
func (c cost) Bound() float64 {
	return float64(runtime.NumCPU()) * float64(time.Second) / float64(c.Machine)
}

// costs takes the refreshes of many callers below gRPC once more, and tells
// what they cost. Where the system does not tell there are none.
func costs(cases []benchCase, duration time.Duration) (all []cost, err error) {
	for _, c := range cases {
		if c.group != refreshMany || c.name != belowCase || c.algorithm == inMemory {
			continue
		}
		n, err := calibrate(c, duration)
		if err != nil {
			return nil, err
		}
		own, machine, ok := spent()
		if !ok {
			return nil, nil
		}
		if _, err := timed(c, n); err != nil {
			return nil, err
		}
		ownAfter, machineAfter, _ := spent()
		each := time.Duration(n)
		all = append(all, cost{Store: c.algorithm, Own: (ownAfter - own) / each, Machine: (machineAfter - machine) / each})
	}
	return all, nil
}

// spent is the processor time of this process, and of the machine since it was
// started.
func spent() (own, machine time.Duration, ok bool) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, 0, false
	}
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, false
	}
	// In hundredths of a second; see proc_stat(5).
	var user, nice, system, idle, wait, irq, softirq int64
	if _, err := fmt.Sscanf(string(text), "cpu %d %d %d %d %d %d %d", &user, &nice, &system, &idle, &wait, &irq, &softirq); err != nil {
		return 0, 0, false
	}
	machine = time.Duration(user+nice+system+irq+softirq) * 10 * time.Millisecond
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), machine, true
}
