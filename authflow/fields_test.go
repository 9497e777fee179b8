package authflow

import (
	"errors"
	"strings"
	"testing"
)

// decodeTest is a body as readBody gives it; "" is none.
func decodeTest(t *testing.T, body string) any {
	t.Helper()
	if body == "" {
		return undefined{}
	}
	value, err := decodeJSON([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func complaint(t *testing.T, err error) string {
	t.Helper()
	var e *Error
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &e) || e.Status != 400 || e.Code != "VALIDATION_ERROR":
		t.Fatalf("%v is no validation error", err)
	}
	return e.Message
}

func TestMistakesAreToldInZodsWords(t *testing.T) {
	t.Parallel()
	const object, record = "[body] Invalid input: expected object, received ", "[body] Invalid input: expected record, received "
	name, email, password := Text("name", ""), Email("email", ""), Password("password", "").Needed()
	signUp := []Field{name, email, password, Text("image", "").Opt(), Flag("rememberMe", "")}
	for _, tt := range []struct {
		name   string
		fields []Field
		shape  Shape
		body   string
		want   string
	}{
		{"no body", signUp[:1], ShapeObject, "", object + "undefined"},
		{"null", signUp[:1], ShapeObject, "null", object + "null"},
		{"array", signUp[:1], ShapeObject, "[]", object + "array"},
		{"string", signUp[:1], ShapeObject, `"x"`, object + "string"},
		{"number", signUp[:1], ShapeObject, "1", object + "number"},
		{"boolean", signUp[:1], ShapeObject, "true", object + "boolean"},
		{"record", signUp[:1], ShapeRecord, "[]", record + "array"},
		{"record without fields", nil, ShapeRecord, "null", record + "null"},
		{"record without fields, given one", nil, ShapeRecord, `{"a":1}`, ""},
		{"checked twice", signUp, ShapeBoth, "", object + "undefined; " + record + "undefined"},
		{"no schema takes anything", nil, ShapeObject, `"x"`, ""},
		{"empty object", signUp, ShapeBoth, "{}", "[body.name] Invalid input: expected string, received undefined; " +
			"[body.email] Invalid input: expected string, received undefined; [body.password] Invalid input: expected string, received undefined"},
		{"object as address", signUp, ShapeBoth, `{"email":{}}`, "[body.name] Invalid input: expected string, received undefined; " +
			"[body.email] Invalid input: expected string, received object; [body.password] Invalid input: expected string, received undefined"},
		{"null as name", []Field{name}, ShapeObject, `{"name":null}`, "[body.name] Invalid input: expected string, received null"},
		{"number as name", []Field{name}, ShapeObject, `{"name":1.5}`, "[body.name] Invalid input: expected string, received number"},
		{"boolean as name", []Field{name}, ShapeObject, `{"name":false}`, "[body.name] Invalid input: expected string, received boolean"},
		{"array as name", []Field{name}, ShapeObject, `{"name":["a"]}`, "[body.name] Invalid input: expected string, received array"},
		{"empty name", []Field{name}, ShapeObject, `{"name":""}`, ""},
		{"optional and missing", []Field{name.Opt()}, ShapeObject, `{}`, ""},
		{"optional and null", []Field{name.Opt()}, ShapeObject, `{"name":null}`, "[body.name] Invalid input: expected string, received null"},
		{"nullable and null", []Field{name.Opt().Null()}, ShapeObject, `{"name":null}`, ""},
		{"required, nullable and missing", []Field{name.Null()}, ShapeObject, `{}`, "[body.name] Invalid input: expected string, received undefined"},
		{"empty address", []Field{email}, ShapeObject, `{"email":""}`, "[body.email] Invalid email address"},
		{"no address", []Field{email}, ShapeObject, `{"email":"a b"}`, "[body.email] Invalid email address"},
		{"null as address", []Field{email}, ShapeObject, `{"email":null}`, "[body.email] Invalid input: expected string, received null"},
		{"empty password where one is needed", []Field{password}, ShapeObject, `{"password":""}`, "[body.password] Too small: expected string to have >=1 characters"},
		{"empty array as password where one is needed", []Field{password}, ShapeObject, `{"password":[]}`,
			"[body.password] Invalid input: expected string, received array; [body.password] Too small: expected array to have >=1 items"},
		{"array as password where one is needed", []Field{password}, ShapeObject, `{"password":["a"]}`, "[body.password] Invalid input: expected string, received array"},
		{"empty array as password elsewhere", []Field{Password("password", "")}, ShapeObject, `{"password":[]}`, "[body.password] Invalid input: expected string, received array"},
		{"empty password elsewhere", []Field{Password("password", "")}, ShapeObject, `{"password":""}`, ""},
		{"text as flag", []Field{Flag("rememberMe", "")}, ShapeObject, `{"rememberMe":"false"}`, "[body.rememberMe] Invalid input: expected boolean, received string"},
		{"null as flag", []Field{Flag("rememberMe", "")}, ShapeObject, `{"rememberMe":null}`, "[body.rememberMe] Invalid input: expected boolean, received null"},
		{"anything where only presence counts", []Field{Present("email", "")}, ShapeRecord, `{"email":[{}]}`, ""},
		{"NUL", []Field{name}, ShapeObject, `{"name":"a\u0000b"}`, "[body.name] Invalid input"},
		{"NUL in a password", []Field{password}, ShapeObject, `{"password":"a\u0000b"}`, ""},
		{"too long", []Field{name.Max(3)}, ShapeObject, `{"name":"abcd"}`, "[body.name] Too big: expected string to have <=3 characters"},
		{"just not too long", []Field{name.Max(3)}, ShapeObject, `{"name":"abc"}`, ""},
		{"longer than any field", []Field{name}, ShapeObject, `{"name":"` + strings.Repeat("a", maxFieldBytes+1) + `"}`, "[body.name] Too big: expected string to have <=65536 characters"},
		{"unknown fields", []Field{name}, ShapeObject, `{"name":"a","role":"admin","__proto__":{},"constructor":1}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := checkFields("body", decodeTest(t, tt.body), tt.fields, tt.shape)
			if got := complaint(t, err); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestOnlyDescribedFieldsGetThrough(t *testing.T) {
	t.Parallel()
	values, err := checkFields("body", decodeTest(t, `{"name":"Ada","image":null,"on":true,"id":"mine","emailVerified":true}`),
		[]Field{Text("name", ""), Text("image", "").Opt().Null(), Flag("on", ""), Flag("off", "")}, ShapeObject)
	if err != nil {
		t.Fatal(err)
	}
	if len(values) != 3 || values.String("name") != "Ada" || !values.IsNull("image") || !values.Has("image") || !values.Bool("on", false) {
		t.Errorf("got %v", values)
	}
	if values.Has("off") || values.IsNull("off") || !values.Bool("off", true) || values.Bool("off", false) || values.String("off") != "" {
		t.Errorf("a field that was not sent is there: %v", values)
	}
	if !values.Truthy("name") || values.Truthy("image") || values.Truthy("off") {
		t.Error("truth is not JavaScript's")
	}
}

func TestFalsyIsJavaScripts(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		`null`: true, `""`: true, `0`: true, `-0`: true, `false`: true,
		`"0"`: false, `" "`: false, `1`: false, `true`: false, `[]`: false, `{}`: false,
	} {
		if got := isFalsy(decodeTest(t, body)); got != want {
			t.Errorf("%s is falsy: %t", body, got)
		}
	}
}

func TestAddressesAreThoseBetterAuthTakes(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"a@b.co", "Ada.Lovelace+tag@Example.COM", "o'brien@x.ie", "_a-b_@x-y.z-w.museum", "1@2.de", "a@1b.co", "a.b.c@d.e.fr", "-a@b.co", "a@b-.co",
		strings.Repeat("a", 64) + "@example.com",
	} {
		if !IsEmail(good) {
			t.Errorf("%q is refused", good)
		}
	}
	for _, bad := range []string{
		"", "@", "a@", "@b.co", "a", "a@b", "a@b.c", "a@@b.co", "a@b@c.co", ".a@b.co", "a.@b.co", "a..b@c.co", "a'@b.co", "a b@c.co", " a@b.co", "a@b.co ",
		"a@.co", "a@b..co", "a@-b.co", "a@b_c.co", "a@b.co.", "a@b.c0", "a@b.1", "\"a\"@b.co", "a@[127.0.0.1]", "a@127.0.0.1", "a\x00@b.co", "a\n@b.co", "a@b.co\r\nBcc: x@y.zz",
		"ä@b.co", "a@bücher.de", "\uff41@b.co", "a\uff20b.co", "\u212a@b.co", "a<b@c.co", "a,b@c.co", "a@b.co,c@d.ee",
		strings.Repeat("a", 65) + "@example.com",
		strings.Repeat("a", 64) + "@" + strings.Repeat(strings.Repeat("b", 61)+".", 3) + "info", // longer than mail can carry
		strings.Repeat("a.", 1<<19) + "a@b.co",
	} {
		if IsEmail(bad) {
			t.Errorf("%.80q is taken", bad)
		}
	}
}

// FuzzFields: whatever is posted, the answer is a described value or a validation error, and never a panic.
func FuzzFields(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "[]", "null", "1e9", `"x"`, `{"name":"Ada","email":"ada@people.test","password":"secret"}`, `{"email":{}}`, `{"a":1,"a":2}`,
		`{"name":"\ud800"}`, `{"name":"\u0000"}`, "\xef\xbb\xbf{}", `{"image":null,"flag":0}`, "{} {}", strings.Repeat("[", 20000),
	} {
		f.Add([]byte(seed))
	}
	fields := []Field{Text("name", "").Max(100), Email("email", ""), Password("password", "").Needed(), Text("image", "").Opt().Null(), Flag("flag", ""), Present("any", "")}
	f.Fuzz(func(t *testing.T, data []byte) {
		value, err := decodeJSON(data)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Status != 400 {
				t.Errorf("%v", err)
			}
			return
		}
		for _, shape := range []Shape{ShapeObject, ShapeRecord, ShapeBoth} {
			values, err := checkFields("body", value, fields, shape)
			if message := complaint(t, err); message != "" {
				if !strings.HasPrefix(message, "[body") {
					t.Errorf("%q", message)
				}
				continue
			}
			name := values.String("name")
			if len(name) > 100 || strings.ContainsRune(name, 0) || !IsEmail(values.String("email")) || values.String("password") == "" || len(values) > len(fields) {
				t.Errorf("%v got through", values)
			}
		}
	})
}
