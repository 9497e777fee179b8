package password

import "container/heap"

// turn says whose time a computation takes: a client's, and an account's where one is meant. Either may be empty.
type turn struct{ client, account string }

// turns are jobs in the order in which they get their turn. Each client and each account has one job after the other: a job is placed
// behind the last of its client and behind the last of its account, and those with equal places go as they came. So a client
// with a thousand requests delays itself and hardly anyone else, and neither does a thousand clients' guessing at one account
// delay others. This is start-time fair queueing (Goyal, Vin and Cheng, 1996), with all jobs equally long.
type turns struct {
	line  line
	place uint64            // of the job that was taken last
	last  map[string]uint64 // the place behind the last job of a client or account, where that lies ahead
	count uint64
}

func newTurns() *turns { return &turns{last: map[string]uint64{}} }

func (t *turns) len() int { return len(t.line) }

// placeFor is where a job of theirs would stand now.
func (t *turns) placeFor(whose turn) uint64 {
	return max(t.place, t.last["client "+whose.client], t.last["account "+whose.account])
}

func (t *turns) add(j *job) {
	j.place = t.placeFor(j.turn)
	t.count++
	j.arrival = t.count
	for _, name := range j.turn.names() {
		t.last[name] = j.place + 1
	}
	heap.Push(&t.line, j)
}

// take returns the next job.
func (t *turns) take() *job {
	j := heap.Pop(&t.line).(*job)
	t.place = j.place
	t.tidy()
	return j
}

// remove takes a job out of the line, if it is still there. Those of its client and account that are in line keep their places; the next to come
// gets an earlier one.
func (t *turns) remove(j *job) bool {
	if j.index < 0 {
		return false
	}
	heap.Remove(&t.line, j.index)
	for _, name := range j.turn.names() {
		if t.last[name] > t.place {
			t.last[name]--
		}
	}
	t.tidy()
	return true
}

// hindmost is the job that would be served last.
func (t *turns) hindmost() *job {
	var worst *job
	for _, j := range t.line {
		if worst == nil || j.behind(worst) {
			worst = j
		}
	}
	return worst
}

// tidy forgets places that everybody has come to.
func (t *turns) tidy() {
	if len(t.line) == 0 {
		clear(t.last)
		return
	}
	if len(t.last) <= 4*len(t.line)+64 {
		return
	}
	for name, place := range t.last {
		if place <= t.place {
			delete(t.last, name)
		}
	}
}

func (w turn) names() []string {
	names := make([]string, 0, 2)
	if w.client != "" {
		names = append(names, "client "+w.client)
	}
	if w.account != "" {
		names = append(names, "account "+w.account)
	}
	return names
}

func (j *job) behind(other *job) bool {
	return j.place > other.place || j.place == other.place && j.arrival > other.arrival
}

// line is a heap of jobs, for package container/heap.
type line []*job

func (l line) Len() int           { return len(l) }
func (l line) Less(i, k int) bool { return l[k].behind(l[i]) }
func (l line) Swap(i, k int) {
	l[i], l[k] = l[k], l[i]
	l[i].index, l[k].index = i, k
}

func (l *line) Push(j any) {
	j.(*job).index = len(*l)
	*l = append(*l, j.(*job))
}

func (l *line) Pop() any {
	last := len(*l) - 1
	j := (*l)[last]
	(*l)[last] = nil
	*l = (*l)[:last]
	j.index = -1
	return j
}
