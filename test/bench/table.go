package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// row is one line of the table; empty cells are left blank.
type row struct {
	name, value, ratio, rate, p50, p99, target, verdict string
}

// judge notes a target and whether it was met.
func (r *row) judge(met bool, target string) {
	r.target, r.verdict = target, "met"
	if !met {
		r.verdict = "MISSED"
	}
}

type table []row

func (t table) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "measure\tvalue\tratio\trequests/s\tp50\tp99\ttarget\t")
	for _, r := range t {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.name, r.value, r.ratio, r.rate, r.p50, r.p99, r.target, r.verdict)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print table: %w", err)
	}
	return nil
}

// median sorts its argument.
func median[T cmp.Ordered](values []T) T {
	slices.Sort(values)
	return values[len(values)/2]
}

func medianOf[E any, T cmp.Ordered](from []E, value func(E) T) T {
	values := make([]T, len(from))
	for i, e := range from {
		values[i] = value(e)
	}
	return median(values)
}

func microseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f µs", float64(d)/float64(time.Microsecond))
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
