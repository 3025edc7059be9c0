package driver

import (
	"strconv"
	"strings"
)

// The language of CALL, as call_text.h has it. Go has no function by name at run time: those that may be called stand
// in calls.go, and what is not there is missing from this process.

const (
	callMax      = 4
	nameMax      = 128
	argumentsMax = 4
)

type call struct {
	result   string // int, long, bool, double, string; "": nothing is read back
	function string // or data symbol
	text     string // as it is looked up: f(1, -1)
}

// reader takes texts from the front of what is left.
type reader string

func (r *reader) skipBlanks() {
	*r = reader(strings.TrimLeft(string(*r), " \t"))
}

func (r *reader) take(word string) bool {
	r.skipBlanks()
	if !strings.HasPrefix(string(*r), word) {
		return false
	}
	*r = (*r)[len(word):]
	return true
}

func (r *reader) takeWhile(accept func(c byte) bool) string {
	r.skipBlanks()
	length := 0
	for length < len(*r) && accept((*r)[length]) {
		length++
	}
	taken := string((*r)[:length])
	*r = (*r)[length:]
	return taken
}

func isDigit(c byte) bool {
	return '0' <= c && c <= '9'
}

// takeName takes words with a dot between each two.
func (r *reader) takeName() (name string, ok bool) {
	name = r.takeWhile(func(c byte) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || isDigit(c) || c == '_' || c == '.'
	})
	for _, word := range strings.Split(name, ".") {
		if word == "" || isDigit(word[0]) {
			return name, false
		}
	}
	return name, len(name) < nameMax
}

func (r *reader) takeInteger() (number int64, ok bool) {
	sign := ""
	if r.take("-") {
		sign = "-"
	}
	if *r == "" || !isDigit((*r)[0]) {
		return 0, false
	}
	digits := r.takeWhile(isDigit)
	number, err := strconv.ParseInt(sign+digits, 10, 64)
	return number, err == nil && len(digits) <= 18
}

func (r *reader) takeQuoted() (quoted string, ok bool) {
	if !r.take("\"") {
		return "", false
	}
	quoted, rest, ok := strings.Cut(string(*r), "\"")
	*r = reader(rest)
	return quoted, ok && quoted != "" && len(quoted) < nameMax
}

func (r *reader) takeEnd() (wrong string) {
	if r.take(")") {
		return ""
	}
	return "a closing parenthesis is missing"
}

func (r *reader) takeIntegers(c *call) (wrong string) {
	var numbers []string
	for more := !r.take(")"); more; more = r.take(",") {
		if len(numbers) == argumentsMax {
			return "a call takes at most four integers"
		}
		number, ok := r.takeInteger()
		if !ok {
			return "an argument is no integer"
		}
		numbers = append(numbers, strconv.FormatInt(number, 10))
	}
	c.text = c.function + "(" + strings.Join(numbers, ", ") + ")"
	if len(numbers) > 0 {
		return r.takeEnd()
	}
	return ""
}

// Read to be refused where it is wrong: there is no such function in Go.
func (r *reader) takeProperty(c *call) (wrong string) {
	isMallctl := c.function == "mallctl"
	switch _, ok := r.takeQuoted(); {
	case isMallctl && c.result == "double":
		return "mallctl stores no double"
	case isMallctl && !ok:
		return "mallctl takes one name in quotes"
	case !isMallctl && (!ok || !r.take(",") || !r.take("&")):
		return "a name in quotes is followed by \", &\""
	case !isMallctl && c.result != "int" && c.result != "long" && c.result != "bool":
		return "what is stored behind & is an int, long or bool"
	}
	return r.takeEnd()
}

func (r *reader) takeCall() (c call, wrong string) {
	for _, result := range []string{"int", "long", "bool", "double", "string"} {
		if c.result == "" && r.take(result+":") {
			c.result = result
		}
	}
	ok := false
	if c.function, ok = r.takeName(); !ok {
		return c, "a function name is missing"
	}
	if !r.take("(") {
		if strings.Contains(c.function, ".") {
			return c, "a data symbol's name has no dot; a call has parentheses"
		}
		if c.result == "" {
			return c, "an opening parenthesis is missing"
		}
		c.text = c.function
		return c, ""
	}
	if r.skipBlanks(); c.function == "mallctl" || strings.HasPrefix(string(*r), "\"") {
		return c, r.takeProperty(&c)
	}
	return c, r.takeIntegers(&c)
}

func parseCalls(text string) (calls []call, wrong string) {
	r := reader(text)
	for more := true; more; more = r.take(";") {
		if len(calls) == callMax {
			return nil, "there are more than four calls"
		}
		c, wrong := r.takeCall()
		if wrong != "" {
			return nil, wrong
		}
		calls = append(calls, c)
	}
	if r.skipBlanks(); r != "" {
		return nil, "there is text behind the last call"
	}
	return calls, ""
}

func readsBack(calls []call) bool {
	for _, c := range calls {
		if c.result != "" {
			return true
		}
	}
	return false
}

// parseReadBack parses what must tell something, so that one call at least has a type.
func parseReadBack(text string) (calls []call, wrong string) {
	calls, wrong = parseCalls(text)
	if wrong == "" && !readsBack(calls) {
		wrong = "nothing is read back: write a type before the call, as in \"int: f()\" (int, long, bool, double " +
			"or string)"
	}
	return calls, wrong
}

// parseAction parses what must do something, a purge or a collect, where none has.
func parseAction(text string) (calls []call, wrong string) {
	calls, wrong = parseCalls(text)
	if wrong == "" && readsBack(calls) {
		wrong = "a type makes it a read-back, which does nothing: write the call without one, as in \"f()\""
	}
	return calls, wrong
}
