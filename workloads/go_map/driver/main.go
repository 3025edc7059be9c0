package driver

import "os"

// Program is what a program adds to the driver.
type Program struct {
	// Who does the work, where that is not the threads of workers=; made right before the baseline. A program
	// that has it is a service: see Params.Port.
	NewCrew func(params *Params) Crew
}

// Main reads the arguments, finds the calls, walks.
func Main(program Program) {
	openMarks()
	if len(os.Args) > 1 && os.Args[1] == "probe" {
		probe(os.Args[2:])
		return
	}
	params, culprit, wrong := readParams(os.Args[1:], program.NewCrew != nil)
	if wrong != "" {
		RefuseUsage(culprit, wrong)
	}
	w := newWalk(params, findCalls("purge", params.purge), findCalls("collect", params.collect))
	if program.NewCrew != nil {
		w.run(program.NewCrew(params))
	} else {
		w.run(newThreads(params.workers))
	}
}

func findCalls(key, text string) []func() {
	if text == "" {
		return nil
	}
	calls, wrong := parseAction(text)
	if wrong != "" {
		die(exitUsage, key, "=", text, ": ", wrong)
	}
	run, missing := findActions(calls)
	if missing != "" {
		die(exitMissing, key, " call ", missing, " is not in this process")
	}
	return run
}
