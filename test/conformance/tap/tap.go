// Package tap prints results in the Test Anything Protocol. The validation programs of OCI runtime-tools import a package
// of this interface as github.com/mndrix/tap-go, which Debian does not have; this one is put there when they are built.
package tap

import (
	"encoding/json"
	"fmt"
	"strings"
)

// T numbers the results of one program.
type T struct {
	count *int
	todo  bool
}

// New begins with the first result.
func New() *T { return &T{count: new(int)} }

// Todo makes the results that follow on it ones that need not be good yet.
func (t *T) Todo() *T { return &T{t.count, true} }

// Header prints the version, and the plan when it is known.
func (t *T) Header(plan int) {
	fmt.Println("TAP version 13")
	if plan > 0 {
		fmt.Printf("1..%d\n", plan)
	}
}

// AutoPlan prints as the plan what there was.
func (t *T) AutoPlan() { fmt.Printf("1..%d\n", *t.count) }

// Ok prints one result.
func (t *T) Ok(ok bool, description string) {
	*t.count++
	word, mark := "ok", "-"
	if !ok {
		word = "not ok"
	}
	if t.todo {
		mark = "# TODO"
	}
	fmt.Printf("%s %d %s %s\n", word, *t.count, mark, description)
}

// Pass prints a good result.
func (t *T) Pass(description string) { t.Ok(true, description) }

// Fail prints a bad one.
func (t *T) Fail(description string) { t.Ok(false, description) }

// Skip prints results that were not looked at.
func (t *T) Skip(count int, description string) {
	for ; count > 0; count-- {
		*t.count++
		fmt.Printf("ok %d # SKIP %s\n", *t.count, description)
	}
}

// Diagnostic prints a remark.
func (t *T) Diagnostic(message string) {
	for _, line := range strings.Split(message, "\n") {
		fmt.Println("#", line)
	}
}

// Diagnosticf prints a formatted remark.
func (t *T) Diagnosticf(format string, values ...interface{}) {
	t.Diagnostic(fmt.Sprintf(format, values...))
}

// YAML prints details of the last result, as JSON, which is YAML too.
func (t *T) YAML(details interface{}) error {
	text, err := json.MarshalIndent(details, "  ", "  ")
	if err == nil {
		fmt.Printf("  ---\n  %s\n  ...\n", text)
	}
	return err
}
