package driver

// As in protocol.h.
const (
	markFD  = 3
	goFD    = 4
	lineMax = 1024
	walkMax = 128
	tickMS  = 100
	crewMax = 64 // PARAMS_WORKERS_MAX of params.h

	exitUsage   = 64
	exitMemory  = 65
	exitOrphan  = 66
	exitMissing = 67
)

// Phase is a phase of protocol.h, by its name.
type Phase string

const (
	Baseline Phase = "baseline"
	Build    Phase = "build"
	Hold     Phase = "hold"
	Drop     Phase = "drop"
	Silent   Phase = "silent"
	Ticking  Phase = "ticking"
	Rebuild  Phase = "rebuild"
	Redrop   Phase = "redrop"
	Collect  Phase = "collect"
	Purge    Phase = "purge"
	Pressure Phase = "pressure"
	End      Phase = "end"
)

// What a walk may name: baseline and end stand around it.
var walkPhases = [...]Phase{Build, Hold, Drop, Silent, Ticking, Rebuild, Redrop, Collect, Purge, Pressure}

func (p Phase) waits() bool {
	return p == Silent || p == Ticking
}
