package driver

import (
	"errors"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

// What a descriptor may call, by its text.

var actions = [...]struct {
	text string
	run  func()
}{
	{"debug.FreeOSMemory()", debug.FreeOSMemory}, // a collection, then everything that is idle is given back
	{"runtime.GC()", runtime.GC},
}

var numbers = [...]struct {
	text string
	read func() (int64, error)
}{
	{"debug.SetMemoryLimit(-1)", func() (int64, error) { return debug.SetMemoryLimit(-1), nil }}, // bytes; none: 2^63-1
	{"debug.SetGCPercent(-1)", readGCPercent},                                                    // off: -1
	{"madvdontneed()", readMadvdontneed},
}

var texts = [...]struct {
	text string
	read func() string
}{
	{"runtime.Version()", runtime.Version},
}

func findAction(text string) func() {
	for _, action := range actions {
		if action.text == text {
			return action.run
		}
	}
	return nil
}

// There is no call that only reads it: set and put back, it tells what it was.
func readGCPercent() (int64, error) {
	percent := debug.SetGCPercent(-1)
	debug.SetGCPercent(percent)
	return int64(percent), nil
}

// readMadvdontneed finds by what the runtime does, for GODEBUG itself can be misspelt and is never refused: 0 where
// memory that is given back stays as LazyFree, 1 where it is gone at once.
func readMadvdontneed() (int64, error) {
	const bytes = 16 << 20
	block := make([]byte, bytes)
	for i := 0; i < bytes; i += 4096 {
		block[i] = 1
	}
	lazyBefore, rssBefore := readRollup()
	runtime.KeepAlive(block)
	debug.FreeOSMemory()
	lazy, rss := readRollup()
	switch {
	case lazy >= lazyBefore+bytes/2:
		return 0, nil
	case rss+bytes/2 <= rssBefore:
		return 1, nil
	}
	return 0, errors.New("a block that was given back is neither lazy nor gone")
}

func readRollup() (lazyBytes, rssBytes int64) {
	text, _ := os.ReadFile("/proc/self/smaps_rollup")
	kB := func(name string) int64 {
		_, behind, _ := strings.Cut(string(text), "\n"+name+":")
		number, _, _ := strings.Cut(strings.TrimLeft(behind, " "), " ")
		value, _ := strconv.ParseInt(number, 10, 64)
		return value
	}
	return kB("LazyFree") << 10, kB("Rss") << 10
}

// runCall runs one that is there; `value` is what it reads back, "" without a type.
func runCall(c call) (value string, err error) {
	for _, t := range texts {
		if t.text == c.text && c.result == "string" {
			return t.read(), nil
		}
	}
	for _, n := range numbers {
		if n.text != c.text {
			continue
		}
		number, err := n.read()
		if c.result == "string" {
			return "", errors.New("it returns no text")
		}
		if c.result == "bool" && number != 0 {
			number = 1
		}
		return strconv.FormatInt(number, 10), err
	}
	if run := findAction(c.text); run != nil && c.result == "" {
		run()
		return "", nil
	}
	return "", errors.New("it returns nothing of that type")
}

func isThere(c call) bool {
	for _, t := range texts {
		if t.text == c.text {
			return true
		}
	}
	for _, n := range numbers {
		if n.text == c.text {
			return true
		}
	}
	return findAction(c.text) != nil
}

// findActions returns what to run for parsed actions, or the name of the first that is not there.
func findActions(calls []call) (run []func(), missing string) {
	for _, c := range calls {
		action := findAction(c.text)
		if action == nil {
			return nil, c.function
		}
		run = append(run, action)
	}
	return run, ""
}
