package password

// lanes are two lines of jobs: of those whom the account knows, by their browser or address, and of strangers. Known ones go first, so that whoever tries stolen passwords from
// thousands of addresses, each with a turn of its own, delays nobody who has signed in before. After every few known ones a stranger has a turn, so that no crowd shuts newcomers out.
// A known one is known to the account it asks for, and has the account's turns alone: it cannot crowd out others.
type lanes struct {
	known, strangers *turns
	streak           int // known ones in a row
}

// longestStreak is how many known ones go before a stranger who waits.
const longestStreak = 8

func newLanes() *lanes { return &lanes{known: newTurns(), strangers: newTurns()} }

func (l *lanes) len() int { return l.known.len() + l.strangers.len() }

func (l *lanes) of(j *job) *turns {
	if j.known {
		return l.known
	}
	return l.strangers
}

func (l *lanes) add(j *job)         { l.of(j).add(j) }
func (l *lanes) remove(j *job) bool { return l.of(j).remove(j) }

// take returns the next job.
func (l *lanes) take() *job {
	if l.known.len() > 0 && (l.strangers.len() == 0 || l.streak < longestStreak) {
		l.streak++
		return l.known.take()
	}
	l.streak = 0
	return l.strangers.take()
}

// giveWay returns the job that makes room for another, which would be served before it; nil when the other one would be served last.
func (l *lanes) giveWay(j *job) *job {
	if l.strangers.len() > 0 {
		last := l.strangers.hindmost()
		if j.known || l.strangers.placeFor(j.turn) < last.place {
			return last
		}
		return nil
	}
	if last := l.known.hindmost(); j.known && l.known.placeFor(j.turn) < last.place {
		return last
	}
	return nil
}
