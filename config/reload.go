package config

import (
	"reflect"
	"slices"
)

// Reload reads the same sources again, for a process that runs with l. What cannot change in a running process keeps its value;
// kept tells of each such key whose new value differs. The configuration that comes of it was validated as a whole, and may be
// used if there is no error. The Loaded that is returned beside an error knows the files that were read, and nothing else of use.
func (l *Loaded) Reload() (next *Loaded, kept []Problem, err error) {
	next, err = l.sources.Load()
	if err != nil {
		return next, nil, err
	}
	for _, f := range leaves(next.fields) {
		if f.restart && next.keep(l, f) {
			kept = append(kept, next.locate(Problem{Key: f.key, Message: "changed, but needs a restart; the value from before stays in use"}))
		}
	}
	if len(kept) == 0 {
		return next, nil, nil
	}
	next.Config.share()
	var ps problems
	for _, p := range next.Config.problems(l.sources.Mode) {
		p.Message += " (with the settings that need a restart as they were)"
		ps = append(ps, next.locate(p))
	}
	return next, kept, next.hideSecrets(ps).err()
}

// keep puts the running value of a setting in the place of the new one, and tells whether they differ.
func (l *Loaded) keep(running *Loaded, f *field) bool {
	fresh := reflect.ValueOf(&l.Config).Elem().FieldByIndex(f.index)
	used := reflect.ValueOf(&running.Config).Elem().FieldByIndex(f.index)
	if reflect.DeepEqual(fresh.Interface(), used.Interface()) {
		return false
	}
	fresh.Set(used)
	return true
}

// Files are the paths that were read, or could not be: the configuration's and those of secrets. They are sorted.
func (l *Loaded) Files() []string {
	var files []string
	if path := l.sources.path(); path != "" {
		files = append(files, path)
	}
	for _, v := range l.values {
		if v.origin.SecretFile != "" {
			files = append(files, v.origin.SecretFile)
		}
	}
	slices.Sort(files)
	return slices.Compact(files)
}
