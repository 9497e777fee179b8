package sessionstore

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

func decoded(t testing.TB, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAFieldTakesWhatSaysAValueOfItsKind(t *testing.T) {
	t.Parallel()
	day := time.Date(2024, 2, 3, 0, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		kind FieldKind
		json string
		want any // nil: refused
	}{
		{FieldString, `"x"`, "x"}, {FieldString, `""`, ""}, {FieldString, `" x "`, " x "},
		{FieldString, `5`, "5"}, {FieldString, `1.5`, "1.5"}, {FieldString, `1e300`, "1e+300"}, {FieldString, `true`, "true"},
		{FieldString, `[]`, nil}, {FieldString, `{}`, nil}, {FieldString, `"a\u0000b"`, nil},

		{FieldNumber, `5`, int64(5)}, {FieldNumber, `-0`, int64(0)}, {FieldNumber, `1.5`, 1.5}, {FieldNumber, `1e3`, int64(1000)}, {FieldNumber, `1e300`, 1e300},
		{FieldNumber, `"5"`, int64(5)}, {FieldNumber, `" +7 "`, int64(7)}, {FieldNumber, `"-1.50"`, -1.5}, {FieldNumber, `".5"`, .5},
		{FieldNumber, `"9223372036854775807"`, int64(math.MaxInt64)}, {FieldNumber, `"9223372036854775808"`, 9.223372036854775808e18},
		{FieldNumber, `""`, nil}, {FieldNumber, `" "`, nil}, {FieldNumber, `"x"`, nil}, {FieldNumber, `"1x"`, nil}, {FieldNumber, `"1e999"`, nil},
		{FieldNumber, `"0x10"`, nil}, {FieldNumber, `"1_000"`, nil}, {FieldNumber, `"NaN"`, nil}, {FieldNumber, `"Infinity"`, nil},
		{FieldNumber, `true`, nil}, {FieldNumber, `[1]`, nil}, {FieldNumber, `{}`, nil},

		{FieldBoolean, `true`, true}, {FieldBoolean, `false`, false}, {FieldBoolean, `"true"`, true}, {FieldBoolean, `" OFF "`, false},
		{FieldBoolean, `"on"`, true}, {FieldBoolean, `"n"`, false}, {FieldBoolean, `1`, true}, {FieldBoolean, `0`, false}, {FieldBoolean, `"1"`, true},
		{FieldBoolean, `2`, nil}, {FieldBoolean, `1.5`, nil}, {FieldBoolean, `"x"`, nil}, {FieldBoolean, `""`, nil}, {FieldBoolean, `[]`, nil},

		{FieldDate, `"2024-02-03"`, day}, {FieldDate, `"2024-02-03T00:00:00Z"`, day}, {FieldDate, `"2024-02-03T01:00+01:00"`, day},
		{FieldDate, `"2024-02-03T00:00"`, day}, {FieldDate, `"2024-02-03T00:00:00.0009"`, day},
		{FieldDate, `"2024-02-03T04:05:06.789Z"`, day.Add(4*time.Hour + 5*time.Minute + 6789*time.Millisecond)},
		{FieldDate, `"2024-02-30"`, nil}, {FieldDate, `"0000-01-01"`, nil}, {FieldDate, `"9999-12-31T23:59:59-01:00"`, nil}, {FieldDate, `"5"`, nil},
		{FieldDate, `""`, nil}, {FieldDate, `"3 Feb 2024"`, nil}, {FieldDate, `1706932000000`, nil}, {FieldDate, `true`, nil}, {FieldDate, `[]`, nil},

		{FieldStrings, `["a",""]`, []string{"a", ""}}, {FieldStrings, `[]`, []string{}}, {FieldStrings, `"[\"a\"]"`, []string{"a"}},
		{FieldStrings, `[1]`, nil}, {FieldStrings, `["a",null]`, nil}, {FieldStrings, `"a"`, nil}, {FieldStrings, `"5"`, nil}, {FieldStrings, `{}`, nil}, {FieldStrings, `5`, nil},
		{FieldStrings, `["a\u0000"]`, nil}, {FieldStrings, `""`, nil},

		{FieldNumbers, `[1,-2.5]`, []float64{1, -2.5}}, {FieldNumbers, `"[1]"`, []float64{1}}, {FieldNumbers, `[]`, []float64{}},
		{FieldNumbers, `["1"]`, nil}, {FieldNumbers, `[true]`, nil}, {FieldNumbers, `1`, nil}, {FieldNumbers, `"1"`, nil},

		{FieldJSON, `{"b":1,"a":[null,"<>"]}`, json.RawMessage(`{"a":[null,"<>"],"b":1}`)}, {FieldJSON, `5`, json.RawMessage(`5`)},
		{FieldJSON, `false`, json.RawMessage(`false`)}, {FieldJSON, `[]`, json.RawMessage(`[]`)}, {FieldJSON, `"{\"a\":1}"`, json.RawMessage(`{"a":1}`)},
		{FieldJSON, `"\"x\""`, json.RawMessage(`"x"`)},
		{FieldJSON, `"x"`, nil}, {FieldJSON, `""`, nil}, {FieldJSON, `{"a\u0000":1}`, nil}, {FieldJSON, `["\u0000"]`, nil},
		{FieldJSON, strings.Repeat("[", 65) + strings.Repeat("]", 65), nil}, {FieldJSON, `["` + strings.Repeat("x", maxFieldJSON) + `"]`, nil},
	} {
		field := AdditionalField{Name: "f", Kind: row.kind}
		got, err := field.Parse(decoded(t, row.json))
		var refused *FieldError
		if row.want == nil && (!errors.As(err, &refused) || refused.Field != "f" || refused.Expected == "" || !errors.Is(err, ErrInvalid)) {
			t.Errorf("%s %.60s: got %#v, %v", row.kind, row.json, got, err)
		} else if row.want != nil && (err != nil || !reflect.DeepEqual(got, row.want)) {
			t.Errorf("%s %.60s: got %#v, %v, want %#v", row.kind, row.json, got, err, row.want)
		}
	}
	for _, kind := range fieldKinds {
		field := AdditionalField{Kind: FieldKind(kind)}
		if got, err := field.Parse(nil); got != nil || err != nil {
			t.Errorf("%s null: got %#v, %v", kind, got, err)
		}
	}
}

func TestAFieldWithAListTakesNothingElse(t *testing.T) {
	t.Parallel()
	field := AdditionalField{Name: "plan", Kind: FieldString, OneOf: []string{"free", "pro", "5"}}
	for v, ok := range map[any]bool{"free": true, 5.0: true, "": false, "FREE": false, true: false} {
		_, err := field.Parse(v)
		var refused *FieldError
		if (err == nil) != ok || err != nil && (!errors.As(err, &refused) || refused.Expected != `one of "free"|"pro"|"5"`) {
			t.Errorf("%v: %v", v, err)
		}
	}
}

// What a database or another server holds may be of any type; it is told as it is, and never an error.
func TestValuesOfOtherTypesAreToldAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		kind FieldKind
		from any
		want string // on the wire
	}{
		{FieldString, "x", `"x"`}, {FieldString, int64(5), `"5"`}, {FieldString, []byte("x"), `"x"`}, {FieldString, nil, `null`},
		{FieldNumber, int64(5), `5`}, {FieldNumber, 1.5, `1.5`}, {FieldNumber, "0.1", `0.1`}, {FieldNumber, "12345678901234567", `12345678901234567`},
		{FieldNumber, "NaN", `null`}, {FieldNumber, "-Infinity", `null`}, {FieldNumber, "many", `"many"`},
		{FieldBoolean, true, `true`}, {FieldBoolean, int64(1), `true`}, {FieldBoolean, int64(0), `false`}, {FieldBoolean, int64(2), `false`}, {FieldBoolean, "maybe", `"maybe"`},
		{FieldDate, time.Date(2024, 2, 3, 4, 5, 6, 789e6, time.FixedZone("", 3600)), `"2024-02-03T03:05:06.789Z"`},
		{FieldDate, "2024-02-03T04:05:06.789Z", `"2024-02-03T04:05:06.789Z"`}, {FieldDate, int64(1706932800000), `"2024-02-03T04:00:00.000Z"`}, {FieldDate, "soon", `"soon"`},
		{FieldStrings, `["a", "b"]`, `["a","b"]`}, {FieldStrings, `[1]`, `[1]`}, {FieldStrings, `{"a": 1}`, `{"a":1}`}, {FieldStrings, `null`, `null`},
		{FieldStrings, `not JSON`, `null`}, {FieldStrings, "", `null`},
		{FieldNumbers, `[1, 2.50]`, `[1,2.5]`}, {FieldNumbers, `[9007199254740993]`, `[9007199254740993]`}, {FieldNumbers, `["1"]`, `["1"]`}, {FieldNumbers, int64(5), `5`},
		{FieldJSON, `{"b": 1, "a": 12345678901234567890}`, `{"b":1,"a":12345678901234567890}`}, {FieldJSON, `"x"`, `"x"`},
	} {
		field := &AdditionalField{Name: "f", Kind: row.kind}
		value := FieldValue{Field: field}
		if err := (fieldScanner{&value}).Scan(row.from); err != nil {
			t.Errorf("%s %v: %v", row.kind, row.from, err)
		}
		got, err := value.MarshalJSON()
		if err != nil || string(got) != row.want {
			t.Errorf("%s %v: got %s, %v, want %s", row.kind, row.from, got, err, row.want)
		}
		again := AdditionalFields{field}.Decode(map[string]json.RawMessage{"f": got, "other": nil})
		if back, err := again[0].MarshalJSON(); err != nil || string(back) != row.want {
			t.Errorf("%s %v: decoded as %s, %v, want %s", row.kind, row.from, back, err, row.want)
		}
	}
}

func TestAValueIsOneText(t *testing.T) {
	t.Parallel()
	for want, value := range map[string]any{
		"": nil, "x": "x", "5": int64(5), "1e+21": 1e21, "true": true, "2024-02-03T00:00:00.000Z": time.Date(2024, 2, 3, 0, 0, 0, 0, time.UTC),
		`["a","<b>"]`: []string{"a", "<b>"}, "[1,2.5]": []float64{1, 2.5}, `{"a":1}`: json.RawMessage(`{"a":1}`),
	} {
		if got := (FieldValue{Value: value}).Text(); got != want {
			t.Errorf("%#v: got %q, want %q", value, got, want)
		}
	}
}

// FuzzField holds every value that is accepted to the way over the wire and back, and over the text that PostgreSQL is given.
func FuzzField(f *testing.F) {
	for _, seed := range []string{`"x"`, `5`, `-0.0`, `1e300`, `"2024-02-03T04:05:06.789+01:00"`, `["a"]`, `[1,2.5]`, `{"a":{"b":[null]}}`, `"[1]"`, `" 7 "`, `"yes"`, `null`, `"\ud800"`, `"\u2028"`} {
		for kind := range fieldKinds {
			f.Add(kind, []byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, kind int, text []byte) {
		var sent any
		if json.Unmarshal(text, &sent) != nil {
			return
		}
		field := &AdditionalField{Name: "f", Kind: FieldKind(fieldKinds[(kind%len(fieldKinds)+len(fieldKinds))%len(fieldKinds)])}
		value, err := field.Parse(sent)
		if err != nil {
			return
		}
		written, err := FieldValue{field, value}.MarshalJSON()
		if err != nil {
			t.Fatalf("%s %s: %v", field.Kind, text, err)
		}
		if back := (AdditionalFields{field}).Decode(map[string]json.RawMessage{"f": written}); !reflect.DeepEqual(back.Get("f"), value) {
			t.Errorf("%s %s: %#v over the wire is %#v", field.Kind, text, value, back.Get("f"))
		}
		if value == nil {
			return
		}
		if back := field.scanned(FieldValue{field, value}.Text()); !reflect.DeepEqual(back, value) {
			t.Errorf("%s %s: %#v as text is %#v", field.Kind, text, value, back)
		}
	})
}
