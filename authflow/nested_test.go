package authflow

import (
	"reflect"
	"testing"
)

func TestMistakesInNestedFieldsAreToldInZodsWords(t *testing.T) {
	t.Parallel()
	noState := TextMap("params", "").Opt()
	noState.Refuse = func(v Values) string {
		if v.Has("state") {
			return "no state"
		}
		return ""
	}
	fields := []Field{
		Choice("provider", ""),
		Object("idToken", "", Text("token", ""), Number("expiresAt", "").Opt(), Object("user", "", Object("name", "", Text("firstName", "").Opt()).Opt()).Opt()).Opt(),
		Texts("scopes", "").Opt(), noState, Record("data", "").Opt(),
	}
	for body, want := range map[string]string{
		`{}`:                                 "[body.provider] Invalid input",
		`{"provider":1}`:                     "[body.provider] Invalid input",
		`{"provider":null}`:                  "[body.provider] Invalid input",
		`{"provider":""}`:                    "",
		`{"provider":"x","idToken":null}`:    "[body.idToken] Invalid input: expected object, received null",
		`{"provider":"x","idToken":"t"}`:     "[body.idToken] Invalid input: expected object, received string",
		`{"provider":"x","idToken":{}}`:      "[body.idToken.token] Invalid input: expected string, received undefined",
		`{"provider":"x","scopes":"a"}`:      "[body.scopes] Invalid input: expected array, received string",
		`{"provider":"x","params":[]}`:       "[body.params] Invalid input: expected record, received array",
		`{"provider":"x","data":"x"}`:        "[body.data] Invalid input: expected record, received string",
		`{"provider":"x","data":[1]}`:        "[body.data] Invalid input: expected record, received array",
		`{"provider":"x","data":{"a":[{}]}}`: "",
		`{"provider":"x","scopes":["a",1,null]}`: "[body.scopes.1] Invalid input: expected string, received number; " +
			"[body.scopes.2] Invalid input: expected string, received null",
		`{"provider":"x","idToken":{"token":1,"expiresAt":"x","user":{"name":{"firstName":1}}}}`: "[body.idToken.token] Invalid input: expected string, received number; " +
			"[body.idToken.expiresAt] Invalid input: expected number, received string; [body.idToken.user.name.firstName] Invalid input: expected string, received number",
		`{"provider":"x","params":{"a":1,"state":"x"}}`: "[body.params.a] Invalid input: expected string, received number",
		`{"provider":"x","params":{"state":"x"}}`:       "[body.params] no state",
		`{"provider":"x","params":{"a":"b\u0000"}}`:     "[body.params.a] Invalid input",
	} {
		_, err := checkFields("body", decodeTest(t, body), fields, ShapeObject)
		if got := complaint(t, err); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", body, got, want)
		}
	}
}

func TestNestedFieldsAreTakenAsDescribed(t *testing.T) {
	t.Parallel()
	values, err := checkFields("body", decodeTest(t, `{"o":{"in":"x","out":1},"t":["a","b"],"m":{"k":"v"},"r":{"any":{"thing":1}},"none":1}`),
		[]Field{Object("o", "", Text("in", "")), Texts("t", ""), TextMap("m", ""), Record("r", ""), Object("missing", "").Opt()}, ShapeObject)
	if err != nil {
		t.Fatal(err)
	}
	want := Values{"o": Values{"in": "x"}, "t": []string{"a", "b"}, "m": Values{"k": "v"}, "r": Values{"any": map[string]any{"thing": 1.0}}}
	if !reflect.DeepEqual(values, want) {
		t.Errorf("got %#v", values)
	}
	if values.Object("o").String("in") != "x" || len(values.Texts("t")) != 2 || values.Object("missing") != nil || values.Texts("missing") != nil {
		t.Error("the accessors disagree")
	}
}

func TestOneOfSeveralFieldsIsWanted(t *testing.T) {
	t.Parallel()
	fields := []Field{Text("accountId", "").Or(), {Name: "useAccountCookie", Kind: KindTrue, Either: true}, Text("userId", "").Opt()}
	for body, want := range map[string]string{
		``:                                "[body] Invalid input",
		`null`:                            "[body] Invalid input",
		`[]`:                              "[body] Invalid input",
		`{}`:                              "[body] Invalid input",
		`{"accountId":1}`:                 "[body] Invalid input",
		`{"accountId":"a"}`:               "",
		`{"accountId":"a","userId":"b"}`:  "",
		`{"accountId":"a","userId":null}`: "[body] Invalid input",
		`{"accountId":"a","x":1}`:         `[body] Unrecognized key: "x"`,
		`{"accountId":"a","y":1,"x":1}`:   `[body] Unrecognized keys: "x", "y"`,
		`{"accountId":"a","useAccountCookie":true}`: "[body] Invalid input",
		`{"useAccountCookie":true}`:                 "",
		`{"useAccountCookie":"true"}`:               "[body] Invalid input",
		`{"useAccountCookie":false}`:                "[body] Invalid input",
	} {
		_, err := checkFields("body", decodeTest(t, body), fields, ShapeEither)
		if got := complaint(t, err); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", body, got, want)
		}
	}
}
