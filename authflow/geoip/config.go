package geoip

// Config says where the database is. Its root key is `geoip`.
type Config struct {
	File string `key:"file" doc:"File that tells where addresses are, in MaxMind's format (GeoLite2-City.mmdb, or one of countries): places are then shown with sessions, in letters and in events. It is read into memory, and again when it changes. Empty: no places." example:"/var/lib/GeoIP/GeoLite2-City.mmdb"`
}
