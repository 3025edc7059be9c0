package main

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"afterfree/workloads/go_map/driver"
)

// requests is the crew of a service, see services/crew/requests.h: a phase's work is done by the goroutine of the
// request it needs.
type requests struct {
	nulls, builds, releases chan *request // who has come and waits for its phase
	over                    chan struct{} // closed behind the last phase: who still waits is turned away
	nullCame                atomic.Bool
	orphaned                <-chan struct{}
	http                    *http.Server

	// Of the walk's goroutine alone.
	cycle, releasing *request
	held             uint64

	lock    sync.Mutex
	mute    map[net.Conn]bool          // connections that have not asked for anything yet
	leaving map[net.Conn]chan struct{} // closed when that connection is
}

// request is one that works.
type request struct {
	connection net.Conn
	tasks      chan driver.Task // closed when it is to be answered
	done       chan struct{}
	held       uint64 // the checksum of its answer
}

type connectionKey struct{}

func newRequests(server *http.Server) *requests {
	q := &requests{
		nulls: make(chan *request), builds: make(chan *request), releases: make(chan *request),
		over: make(chan struct{}), orphaned: driver.Orphaned(), http: server,
		mute: map[net.Conn]bool{}, leaving: map[net.Conn]chan struct{}{},
	}
	server.ConnContext = func(ctx context.Context, connection net.Conn) context.Context {
		return context.WithValue(ctx, connectionKey{}, connection)
	}
	server.ConnState = q.notice
	return q
}

// work waits for the request's phase and does what it is given; false: the walk is over.
func (q *requests) work(r *http.Request, queue chan *request) (held uint64, ok bool) {
	own := &request{
		connection: r.Context().Value(connectionKey{}).(net.Conn),
		tasks:      make(chan driver.Task),
		done:       make(chan struct{}),
	}
	select {
	case queue <- own:
	case <-q.over:
		return 0, false
	}
	for task := range own.tasks {
		task.Run()
		own.done <- struct{}{}
	}
	return own.held, true
}

// workOnce is work for the first who comes.
func (q *requests) workOnce(r *http.Request, queue chan *request) {
	if q.nullCame.CompareAndSwap(false, true) {
		q.work(r, queue)
	}
}

func (q *requests) take(queue chan *request) *request {
	select {
	case r := <-queue:
		return r
	case <-q.orphaned:
		driver.DieOrphaned()
		return nil
	}
}

// finish has the request answered, and waits until its connection is gone.
func (q *requests) finish(r *request) {
	gone := make(chan struct{})
	q.lock.Lock()
	q.leaving[r.connection] = gone
	q.lock.Unlock()
	r.held = q.held
	close(r.tasks)
	q.await(gone)
}

// notice is told by the server what becomes of each connection.
func (q *requests) notice(connection net.Conn, state http.ConnState) {
	q.lock.Lock()
	defer q.lock.Unlock()
	if state == http.StateNew {
		q.mute[connection] = true
		return
	}
	delete(q.mute, connection)
	if gone, ok := q.leaving[connection]; ok && state == http.StateClosed {
		close(gone)
		delete(q.leaving, connection)
	}
}

// closeAll turns away who waits, and returns when nobody is listened to.
func (q *requests) closeAll() {
	close(q.over)
	q.lock.Lock()
	for connection := range q.mute { // Shutdown would give these five seconds
		connection.Close()
	}
	q.lock.Unlock()
	q.http.Shutdown(context.Background())
}

// await returns when `done` has been told or closed.
func (q *requests) await(done <-chan struct{}) {
	select {
	case <-done:
	case <-q.orphaned:
		driver.DieOrphaned()
	}
}

func (q *requests) finishCycle() {
	if q.cycle != nil {
		q.finish(q.cycle)
	}
	q.cycle = nil
}

func (q *requests) Begin(phase driver.Phase) {
	switch phase {
	case driver.Build, driver.Rebuild:
		q.finishCycle()
		q.cycle = q.take(q.builds)
	case driver.Purge:
		q.releasing = q.take(q.releases)
	}
}

// Do gives the task to its request. Before the first build and behind a drop there is none: then the walk's own
// goroutine works.
func (q *requests) Do(task driver.Task) {
	r := q.cycle
	if task.Phase == driver.Purge {
		r = q.releasing
	}
	if r == nil {
		task.Run()
		return
	}
	r.tasks <- task
	q.await(r.done)
}

func (q *requests) End(phase driver.Phase, held uint64) {
	q.held = held
	switch phase {
	case driver.Drop, driver.Redrop:
		q.finishCycle()
	case driver.Purge:
		q.finish(q.releasing)
	case driver.End:
		q.finishCycle()
		q.closeAll()
	}
}
