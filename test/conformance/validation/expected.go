package main

import (
	"os"
	"strings"
)

// What is known to fail.
type expectation struct {
	reason string
	// It depends on the machine, or on chance.
	sometimes bool
	// It is right to fail, though another runtime passes.
	alone bool
}

const (
	atTimes        = " (at times)"
	althoughOthers = " (others pass)"
)

// readExpected reads lines "runtime program -- reason", with one of the marks above after the program or not.
func readExpected(path string) map[string]expectation {
	text, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	expected := map[string]expectation{}
	for _, line := range strings.Split(string(text), "\n") {
		key, reason, found := strings.Cut(line, " -- ")
		if !found || strings.HasPrefix(line, "#") {
			continue
		}
		sometimes, alone := strings.HasSuffix(key, atTimes), strings.HasSuffix(key, althoughOthers)
		key = strings.TrimSuffix(strings.TrimSuffix(key, atTimes), althoughOthers)
		expected[key] = expectation{reason, sometimes, alone}
	}
	return expected
}
