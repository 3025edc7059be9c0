package driver

import (
	"os"
	"strings"
)

// probe tells what protocol.h wants of "NAME probe KEY=CALL…", and in place of malloc= and libc= the file whose own
// runtime the heap is: owner=OBJECT.
func probe(arguments []string) {
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		self = "?"
	}
	WriteLine("owner", self)
	for _, argument := range arguments {
		key, text, ok := strings.Cut(argument, "=")
		if !ok || key == "" || len(key) >= nameMax {
			die(exitUsage, "probe: not KEY=CALL: ", argument)
		}
		if key == "purge" || key == "collect" {
			answerAction(key, text, self)
		} else {
			answerReadBack(key, text)
		}
	}
}

func answerAction(key, text, self string) {
	calls, wrong := parseAction(text)
	if wrong != "" {
		die(exitUsage, "\"", text, "\": ", wrong)
	}
	if _, missing := findActions(calls); missing != "" {
		WriteLine("missing."+key, missing)
		return
	}
	for _, c := range calls {
		WriteLine(key+"."+c.function, self)
	}
}

func answerReadBack(key, text string) {
	calls, wrong := parseReadBack(text)
	if wrong != "" {
		die(exitUsage, "\"", text, "\": ", wrong)
	}
	for _, c := range calls {
		if !isThere(c) {
			WriteLine("missing."+key, c.function)
			return
		}
	}
	answer := ""
	for _, c := range calls {
		value, err := runCall(c)
		if err != nil {
			WriteLine("failed."+key, text)
			return
		}
		if c.result != "" {
			answer = value
		}
	}
	WriteLine(key, answer)
}
