package geoip

import (
	"cmp"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/oschwald/maxminddb-golang/v2"

	"github.com/posternhq/postern/authflow"
)

// Database is a file, read again when it changes. It is safe for concurrent use.
type Database struct {
	path   string
	reader atomic.Pointer[maxminddb.Reader] // nil as long as no file could be used

	mu         sync.Mutex // held by Reload
	seen, used os.FileInfo
}

var _ authflow.Locator = (*Database)(nil)

// Open reads the file. An error is about the file alone, and names it; the Database that comes with it knows no place until Reload finds a
// file that it can use.
func Open(path string) (*Database, error) {
	d := &Database{path: path}
	info, err := os.Stat(path)
	if err != nil {
		return d, err
	}
	d.seen = info
	return d, d.read(info)
}

// Reload reads the file if it is another one than last time, and looks the same as when Reload last looked: so nothing is read that is being
// written. It returns whether a new one is in use from now on; an error leaves in use what was, and comes once for each state of the file.
func (d *Database) Reload() (changed bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	info, err := os.Stat(d.path)
	if err != nil {
		gone := d.seen != nil
		d.seen = nil
		if gone {
			return false, err
		}
		return false, nil // it has been told
	}
	settled := same(info, d.seen)
	d.seen = info
	if !settled || same(info, d.used) {
		return false, nil
	}
	if err := d.read(info); err != nil {
		return false, err
	}
	return true, nil
}

// same tells whether a file is what it was. These files are far too large to be read every few seconds, as package certfile does.
func same(a, b os.FileInfo) bool {
	return a != nil && b != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// read also notes what it could not use, so that it is not tried again.
func (d *Database) read(info os.FileInfo) error {
	d.used = info
	data, err := os.ReadFile(d.path)
	if err != nil {
		return err
	}
	reader, err := maxminddb.OpenBytes(data)
	if err != nil {
		return fmt.Errorf("read %s: %w", d.path, err)
	}
	if kind := reader.Metadata.DatabaseType; !hasPlaces(kind) {
		return fmt.Errorf("read %s: a database of the type %q has no places; use one of cities or countries, such as GeoLite2-City", d.path, kind)
	}
	d.reader.Store(reader)
	return nil
}

func hasPlaces(kind string) bool {
	for _, word := range []string{"City", "Country", "Enterprise", "Insights"} {
		if strings.Contains(kind, word) {
			return true
		}
	}
	return false
}

// String is the path, for logs.
func (d *Database) String() string { return d.path }

// record is what is read of an entry: https://dev.maxmind.com/geoip/docs/databases/city-and-country
type record struct {
	City       named `maxminddb:"city"`
	Country    named `maxminddb:"country"`
	Registered named `maxminddb:"registered_country"`
}

type named struct {
	Names map[string]string `maxminddb:"names"`
}

// in is the name in a language, or in English, which every database has.
func (n named) in(lang string) string { return cmp.Or(n.Names[lang], n.Names["en"]) }

// Place is "Munich, Germany" in a language, as exact as the file has it; "" when it has nothing.
func (d *Database) Place(addr netip.Addr, lang string) string {
	reader := d.reader.Load()
	if reader == nil || !addr.IsValid() {
		return ""
	}
	var r record
	if err := reader.Lookup(addr.Unmap().WithZone("")).Decode(&r); err != nil {
		return "" // a damaged entry: that there is no place is all that can be said
	}
	city, country := r.City.in(lang), cmp.Or(r.Country.in(lang), r.Registered.in(lang))
	if city == "" || country == "" {
		return city + country
	}
	return city + ", " + country
}
