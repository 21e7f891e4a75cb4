package main

import (
	"runtime"
	"testing"
)

// The test is alone while it runs: what it changes is the whole process's.
func TestHashesLeaveRoomForOtherCalls(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	if n := shareProcessors("1"); n != before || runtime.GOMAXPROCS(0) != before {
		t.Errorf("what was chosen became %d hashes beside %d", n, runtime.GOMAXPROCS(0))
	}
	if n := shareProcessors(""); n != before || runtime.GOMAXPROCS(0) != 2*before {
		t.Errorf("%d processors became %d hashes beside %d", before, n, runtime.GOMAXPROCS(0))
	}
}
