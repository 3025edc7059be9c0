package driver

import "testing"

func TestCallsAreLookedUpByOneSpelling(t *testing.T) {
	for text, spelling := range map[string]string{
		"runtime.GC()":                         "runtime.GC()",
		" runtime.GC ( ) ":                     "runtime.GC()",
		"long: debug.SetMemoryLimit( -1 )":     "debug.SetMemoryLimit(-1)",
		"int:f(1,2 ,3, -04)":                   "f(1, 2, 3, -4)",
		"int: environ":                         "environ",
		"f();\tstring:  runtime.Version( ) ":   "f()",
		"bool: mallctl(\"background_thread\")": "",
	} {
		calls, wrong := parseCalls(text)
		if wrong != "" || calls[0].text != spelling {
			t.Errorf("%s: %q %s", text, calls, wrong)
		}
	}
}

func TestWhatIsThereIsFoundAndNothingElse(t *testing.T) {
	for text, isFound := range map[string]bool{
		"runtime.GC()": true, "debug.FreeOSMemory()": true, "runtime.Version()": true, "madvdontneed()": true,
		"runtime.GC(0)": false, "runtime.gc()": false, "GC()": false, "malloc_trim(0)": false,
	} {
		calls, wrong := parseCalls(text)
		if wrong != "" || isThere(calls[0]) != isFound {
			t.Errorf("%s: found %v, wrong: %s", text, !isFound, wrong)
		}
	}
}

func TestReadingASettingLeavesItAsItWas(t *testing.T) {
	for i := 0; i < 3; i++ {
		if percent, err := readGCPercent(); err != nil || percent != 100 {
			t.Fatal(percent, err)
		}
	}
}
