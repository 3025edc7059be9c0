package driver

import "time"

const tickRecords = 100 // WALK_TICK_RECORDS of walk.h

// walk goes through the phases and writes a mark after each, as walk.c does.
type walk struct {
	params         *Params
	crew           Crew
	purge, collect []func()
	table          table
	batch          batch // what the last build made, or the first will make
	tickTable      table
	tickBatch      batch  // the same records, fewer of them, none of them surviving
	ticks          uint64 // so far: each has keys of its own, behind those of all builds
	builds         uint64 // so far
	all, survivors sums   // of the batch
	kept           sums   // survivors of the batches before it
	present        sums   // what is in the map
	isDropped      bool   // and that is survivors alone
	held           uint64 // the checksum the last hold has found
}

// chooseBatch chooses the records of the build that is to come, and what will be expected of them.
func (w *walk) chooseBatch() {
	again := w.builds > 0
	w.builds++
	if again && w.params.freshKeys {
		w.kept = w.present
		w.batch.first, w.batch.end = w.batch.end, w.batch.end+w.params.shape.records
	}
	w.batch.skipSurvivors = again && !w.params.freshKeys
	if !w.batch.skipSurvivors {
		w.all, w.survivors = w.batch.expect()
	}
}

func (w *walk) build() {
	w.table.build(&w.batch)
	w.present = w.kept.plus(w.all)
	w.isDropped = false
}

func (w *walk) drop() {
	w.table.drop(&w.batch)
	w.present = w.kept.plus(w.survivors)
	w.isDropped = true
}

func (w *walk) tick() {
	w.tickTable.build(&w.tickBatch)
	w.tickTable.drop(&w.tickBatch)
	w.tickBatch.first, w.tickBatch.end = w.tickBatch.end, w.tickBatch.end+tickRecords
	w.ticks++
}

// cycle is the number of the last build, from 0.
func (w *walk) cycle() uint64 {
	if w.builds == 0 {
		return 0
	}
	return w.builds - 1
}

func runAll(calls []func()) {
	for _, run := range calls {
		run()
	}
}

// Run does the task, on whichever goroutine it is called.
func (t Task) Run() {
	w := t.walk
	switch t.Phase {
	case Build, Rebuild:
		w.build()
	case Hold:
		w.held = w.table.check()
	case Drop, Redrop:
		w.drop()
	case Ticking:
		w.tick()
	case Purge:
		runAll(w.purge)
	case Collect:
		runAll(w.collect)
	case End: // survivors go too, and a table that was kept
		w.table, w.present, w.isDropped = table{}, sums{}, false
	}
}

func (w *walk) tickFor(beginNS, windowMS uint64) {
	for ms := uint64(tickMS); ms <= windowMS; ms += tickMS {
		sleepUntil(beginNS + ms*1000000)
		w.crew.Do(Task{Phase: Ticking, walk: w, number: w.ticks})
	}
}

func (w *walk) runPhase(s step, beginNS uint64) {
	switch s.phase {
	case Baseline, Pressure:
	case Silent:
		sleepUntil(beginNS + s.windowMS*1000000)
	case Ticking:
		w.tickFor(beginNS, s.windowMS)
	default:
		w.crew.Do(Task{Phase: s.phase, walk: w, number: w.cycle()})
	}
}

// describe fills what the mark says of the map, found outside the phase's time. After a drop the survivors are read.
func (w *walk) describe(phase Phase, m *mark) {
	m.heap = readHeap()
	m.liveBytes = w.table.bytes + w.tickTable.bytes
	m.liveBlocks = w.table.blocks + w.tickTable.blocks
	m.shapeBytes = w.present.bytes
	if phase == Hold {
		m.checksum, m.shapeChecksum = w.held, w.present.checksum
	} else if w.isDropped {
		m.checksum, m.shapeChecksum = w.table.check(), w.present.checksum
	}
}

func (w *walk) step(s step) {
	var m mark
	if s.phase == Build || s.phase == Rebuild {
		w.chooseBatch()
	}
	w.crew.Begin(s.phase)
	before := readUsage()
	m.beginNS = nowNS()
	w.runPhase(s, m.beginNS)
	m.endNS = nowNS()
	m.usage = readUsage().since(before)
	w.crew.End(s.phase, w.held)
	w.describe(s.phase, &m)
	m.write(s.phase)
}

func newWalk(params *Params, purge, collect []func()) *walk {
	w := &walk{params: params, purge: purge, collect: collect}
	shape := params.shape
	w.batch = batch{shape: &params.shape, pool: newPool(&shape), end: shape.records}
	tickShape := shape
	tickShape.survivorsPPM, tickShape.removal = 0, removalFree
	builds := uint64(1)
	if params.freshKeys {
		builds = params.count(Build) + params.count(Rebuild)
	}
	first := builds * shape.records
	w.tickBatch = batch{shape: &tickShape, pool: w.batch.pool, first: first, end: first + tickRecords}
	time.Sleep(1) // the first one allocates the goroutine's timer
	return w
}

func (w *walk) run(crew Crew) {
	w.crew = crew
	w.step(step{phase: Baseline})
	for _, s := range w.params.steps {
		w.step(s)
	}
	w.step(step{phase: End})
}
