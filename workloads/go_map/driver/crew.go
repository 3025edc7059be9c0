package driver

import "runtime"

// Crew is who does the work: threads that take turns, or a service's requests.
type Crew interface {
	// Begin and End are called around each phase, outside its time: a service waits there for the request that is
	// to do it, and has it answered. `held` is the checksum the last hold has found; 0: there was none.
	Begin(phase Phase)
	End(phase Phase, held uint64)

	// Do has the task run, and returns when it is done.
	Do(task Task)
}

// Task is one piece of work in the map: a phase of its cycle, one tick, an explicit purge or collection.
type Task struct {
	Phase  Phase
	walk   *walk
	number uint64 // of the cycle or the tick: whose turn it is
}

// threads is the crew of crew.h: goroutine number i on an OS thread of its own. With one worker there is none but
// the main goroutine.
type threads struct {
	workers []worker
}

type worker struct {
	tasks chan Task
	done  chan struct{}
}

func newThreads(size int) *threads {
	t := &threads{}
	for i := 0; size > 1 && i < size; i++ {
		w := worker{tasks: make(chan Task), done: make(chan struct{})}
		t.workers = append(t.workers, w)
		go w.work()
		<-w.done // it has started
	}
	return t
}

func (w worker) work() {
	runtime.LockOSThread()
	w.done <- struct{}{}
	for task := range w.tasks {
		task.Run()
		w.done <- struct{}{}
	}
}

func (t *threads) Begin(Phase)       {}
func (t *threads) End(Phase, uint64) {}

func (t *threads) Do(task Task) {
	if len(t.workers) == 0 || task.Phase == Purge || task.Phase == Collect {
		task.Run()
		return
	}
	w := t.workers[task.number%uint64(len(t.workers))]
	w.tasks <- task
	<-w.done
}
