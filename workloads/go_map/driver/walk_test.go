package driver

import (
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// newTestWalk walks with its marks to the given file, and nobody gives a go.
func newTestWalk(t *testing.T, file string, arguments ...string) *walk {
	to, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	markTo, waitsForGo = int(to.Fd()), false
	t.Cleanup(func() { to.Close() })
	params, culprit, wrong := readParams(arguments, false)
	if wrong != "" {
		t.Fatal(culprit, wrong)
	}
	w := newWalk(params, nil, nil)
	w.crew = newThreads(params.workers)
	return w
}

func TestBaselineHoldAndSilentAllocateNothing(t *testing.T) {
	w := newTestWalk(t, os.DevNull, "survivors_ppm=500000")
	w.step(step{phase: Build})
	for _, isDropped := range []bool{false, true} {
		for _, phase := range []Phase{Baseline, Hold, Silent, Pressure} {
			if count := testing.AllocsPerRun(20, func() { w.step(step{phase: phase}) }); count > 0 {
				t.Errorf("%s allocates %v times, dropped %v", phase, count, isDropped)
			}
		}
		w.step(step{phase: Drop})
	}
}

func TestOnlyTheRecordsAreAllocatedByABuild(t *testing.T) {
	w := newTestWalk(t, os.DevNull, "strings=2", "removal=delete", "records=500")
	w.step(step{phase: Build}) // the buckets
	w.step(step{phase: Drop})
	count := testing.AllocsPerRun(5, func() {
		w.step(step{phase: Rebuild})
		w.step(step{phase: Redrop})
	})
	// And what of the buckets overflows, by the map's own random hash.
	if blocks := float64(500 * 4); count < blocks || count > blocks+50 {
		t.Errorf("%v allocations for %v blocks", count, blocks)
	}
}

func TestNothingIsLeftToBeAllocatedByTheFirstBaselineAndSleep(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // each processor has a list of timers, which grows at its first
	var before, after runtime.MemStats
	w := newTestWalk(t, os.DevNull)
	runtime.ReadMemStats(&before)
	w.step(step{phase: Baseline})
	time.Sleep(1) // a nanosecond
	w.step(step{phase: Silent})
	runtime.ReadMemStats(&after)
	if count := after.Mallocs - before.Mallocs; count > 0 {
		t.Errorf("%d allocations", count)
	}
}

func TestEachWorkerHasAThreadOfItsOwn(t *testing.T) {
	crew := newThreads(3)
	threads := map[int]int{}
	for turn := 0; turn < 6; turn++ {
		worker := turn % 3
		look := func() {
			id := syscall.Gettid()
			if owner, known := threads[id]; known && owner != worker {
				t.Errorf("worker %d is on the thread of worker %d", worker, owner)
			}
			threads[id] = worker
		}
		crew.workers[worker].tasks <- Task{Phase: Collect, walk: &walk{collect: []func(){look}}}
		<-crew.workers[worker].done
	}
	if len(threads) != 3 {
		t.Errorf("3 workers on %d threads", len(threads))
	}
}
