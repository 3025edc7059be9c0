package driver

import (
	"math"
	"strconv"
	"strings"
)

type step struct {
	phase    Phase
	windowMS uint64 // silent and ticking only
}

// Params are the arguments protocol.h lists, read as strictly as in params.c.
type Params struct {
	shape     shape
	steps     []step
	purge     string // "": none
	collect   string // "": none
	workers   int
	freshKeys bool
	latency   bool
	Port      uint16 // port=, where the program is a service; 0: any
}

// takeNumber reads a decimal number up to `limit` in front of the rest; a sign is none.
func takeNumber(text string, limit uint64) (number uint64, rest string, ok bool) {
	digits := 0
	for digits < len(text) && '0' <= text[digits] && text[digits] <= '9' {
		digits++
	}
	number, err := strconv.ParseUint(text[:digits], 10, 64)
	return number, text[digits:], err == nil && number <= limit
}

func readNumber(text string, limit uint64) (number uint64, ok bool) {
	number, rest, ok := takeNumber(text, limit)
	return number, ok && rest == ""
}

// readRange reads "15..30" or "15".
func readRange(text string, limit uint64, low, high *uint32) bool {
	first, rest, ok := takeNumber(text, limit)
	last := first
	if ok && strings.HasPrefix(rest, "..") {
		last, rest, ok = takeNumber(rest[2:], limit)
	}
	*low, *high = uint32(first), uint32(last)
	return ok && rest == "" && first <= last
}

// readWord returns which of the words it is.
func readWord(text string, words ...string) (index int, ok bool) {
	for i, word := range words {
		if text == word {
			return i, true
		}
	}
	return 0, false
}

func readStep(text string) (s step, ok bool) {
	name, window, hasWindow := strings.Cut(text, ":")
	for _, phase := range walkPhases {
		if name == string(phase) {
			s.phase = phase
		}
	}
	if s.phase == "" || s.phase.waits() != hasWindow {
		return s, false
	}
	if hasWindow {
		s.windowMS, ok = readNumber(window, math.MaxUint32)
		return s, ok
	}
	return s, true
}

// readWalk reads "build,hold,silent:12000,…".
func (p *Params) readWalk(text string) bool {
	words := strings.Split(text, ",")
	p.steps = nil
	for _, word := range words {
		s, ok := readStep(word)
		if !ok || len(p.steps) == walkMax {
			return false
		}
		p.steps = append(p.steps, s)
	}
	return true
}

// readArgument returns "", or what is wrong with it.
func (p *Params) readArgument(argument string, isService bool) string {
	key, value, ok := strings.Cut(argument, "=")
	if !ok {
		return "unknown argument"
	}
	s := &p.shape
	var number uint64
	var index int
	switch key {
	case "records":
		if s.records, ok = readNumber(value, math.MaxUint32); !ok {
			return "records must be a whole number up to 4294967295"
		}
	case "strings":
		if !readRange(value, 1<<20, &s.stringsMin, &s.stringsMax) {
			return "strings must be LOW..HIGH, at most 1048576"
		}
	case "length":
		if !readRange(value, 1<<24, &s.lengthMin, &s.lengthMax) {
			return "length must be LOW..HIGH, at most 16777216"
		}
	case "order":
		if index, ok = readWord(value, "insertion", "reverse", "hash"); !ok {
			return "order must be insertion, reverse or hash"
		}
		s.order = order(index)
	case "removal":
		if index, ok = readWord(value, "free", "delete"); !ok {
			return "removal must be free or delete"
		}
		s.removal = removal(index)
	case "survivors_ppm":
		if number, ok = readNumber(value, 1000000); !ok {
			return "survivors_ppm must be 0 to 1000000"
		}
		s.survivorsPPM = uint32(number)
	case "seed":
		if s.seed, ok = readNumber(value, math.MaxUint64); !ok {
			return "seed must be a whole number"
		}
	case "keys":
		if index, ok = readWord(value, "same", "fresh"); !ok {
			return "keys must be same or fresh"
		}
		p.freshKeys = index == 1
	case "workers":
		if number, ok = readNumber(value, crewMax); !ok || number == 0 {
			return "workers must be 1 to 64"
		}
		p.workers = int(number)
	case "latency":
		if index, ok = readWord(value, "no", "yes"); !ok {
			return "latency must be yes or no"
		}
		p.latency = index == 1
	case "walk":
		if !p.readWalk(value) {
			return "walk must be PHASE,PHASE,… with silent:MS and ticking:MS"
		}
	case "purge":
		p.purge = value
	case "collect":
		p.collect = value
	case "port":
		if !isService {
			return "a workload listens to nobody, only a service does"
		}
		if number, ok = readNumber(value, math.MaxUint16); !ok {
			return "port must be 0 to 65535"
		}
		p.Port = uint16(number)
	default:
		return "unknown argument"
	}
	return ""
}

// Records is how many a build makes.
func (p *Params) Records() uint64 {
	return p.shape.records
}

func (p *Params) count(phase Phase) (count uint64) {
	for _, s := range p.steps {
		if s.phase == phase {
			count++
		}
	}
	return count
}

func (p *Params) has(phase Phase) bool {
	return p.count(phase) > 0
}

// refuse looks at what only all arguments together tell.
func (p *Params) refuse(isService bool) (culprit, wrong string) {
	switch {
	case p.has(Purge) && p.purge == "":
		return "purge", "the walk has a purge, but no purge= is given"
	case p.has(Collect) && p.collect == "":
		return "collect", "the walk has a collect, but no collect= is given"
	case p.latency:
		return "latency=yes", "a program in Go times no single operations: leave it out"
	case isService && p.workers > 1:
		return "workers", "a service has a worker for each request, and no others"
	case isService && p.has(Ticking):
		return "walk", "a service has no ticking, its small requests are GET /healthz: give a walk= without it"
	}
	return "", ""
}

// readParams takes key=value arguments over the defaults; `wrong` is "", or what is wrong with culprit.
func readParams(arguments []string, isService bool) (p *Params, culprit, wrong string) {
	p = &Params{
		shape: shape{records: 1000, stringsMin: 1, stringsMax: 1, lengthMin: 15, lengthMax: 30,
			order: orderHash, removal: removalFree, seed: 1},
		workers: 1,
	}
	p.readWalk("build,hold,drop,silent:1000,ticking:1000,rebuild,redrop")
	for _, argument := range arguments {
		if wrong := p.readArgument(argument, isService); wrong != "" {
			return nil, argument, wrong
		}
	}
	culprit, wrong = p.refuse(isService)
	return p, culprit, wrong
}
