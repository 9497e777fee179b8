package main

import (
	"context"
	"fmt"
	"time"
)

// contender is one way to serve a request, measured in turns with the others.
type contender struct {
	name   string
	by     *process
	with   *process // whose CPU time counts as well; may be nil
	load   load
	run    func(ctx context.Context, limit time.Duration) (answers, error) // instead of the load
	target float64                                                         // most that its CPU time may be, as a multiple of the measure's; 0 for none
	beside *contender                                                      // its measure; nil for the first contender
	rounds []round
}

// round is what one contender did in one round.
type round struct {
	perRequest time.Duration // CPU time of the process
	answers    answers
}

// compete measures all contenders in turns: after one round that does not count, each round begins with another one, so
// that none always follows the same neighbour.
func compete(ctx context.Context, all []*contender, rounds int, tell func(string, ...any)) error {
	for n := range rounds + 1 {
		for i := range all {
			c := all[(n+i)%len(all)]
			r, err := c.measure(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if n > 0 {
				c.rounds = append(c.rounds, r)
			}
		}
		if n > 0 {
			tell("round %d of %d: %s", n, rounds, summary(all))
		}
	}
	return nil
}

func (c *contender) measure(ctx context.Context) (round, error) {
	before, err := c.cpu()
	if err != nil {
		return round{}, err
	}
	run := c.run
	if run == nil {
		run = c.load.run
	}
	a, err := run(ctx, roundTime)
	if err != nil {
		return round{}, err
	}
	after, err := c.cpu()
	if err != nil {
		return round{}, err
	}
	return round{perRequest: (after - before) / time.Duration(a.count), answers: a}, nil
}

// cpu is the time of all processes that take part.
func (c *contender) cpu() (time.Duration, error) {
	total, err := c.by.cpu()
	if err != nil || c.with == nil {
		return total, err
	}
	more, err := c.with.cpu()
	return total + more, err
}

func summary(all []*contender) string {
	text := ""
	for i, c := range all {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%s %s", c.name, microseconds(c.rounds[len(c.rounds)-1].perRequest))
	}
	return text
}

// ratio is the median of the rounds' ratios to another contender's CPU time.
func (c *contender) ratio(to *contender) float64 {
	ratios := make([]float64, len(c.rounds))
	for i := range c.rounds {
		ratios[i] = float64(c.rounds[i].perRequest) / float64(to.rounds[i].perRequest)
	}
	return median(ratios)
}

// row sums up the rounds. The measure is the contender itself for the first.
func (c *contender) row(measure *contender) row {
	r := row{
		name:   c.name,
		value:  microseconds(medianOf(c.rounds, func(r round) time.Duration { return r.perRequest })) + " CPU",
		rate:   fmt.Sprintf("%.0f", medianOf(c.rounds, func(r round) float64 { return r.answers.perSecond() })),
		p50:    milliseconds(medianOf(c.rounds, func(r round) time.Duration { return r.answers.percentile(.50) })),
		p99:    milliseconds(medianOf(c.rounds, func(r round) time.Duration { return r.answers.percentile(.99) })),
		target: "",
	}
	if c.beside != nil {
		measure = c.beside
	}
	if measure != nil {
		ratio := c.ratio(measure)
		r.ratio = fmt.Sprintf("%.2f", ratio)
		if c.target > 0 {
			r.judge(ratio <= c.target, fmt.Sprintf("<= %.2f", c.target))
		}
	}
	return r
}
