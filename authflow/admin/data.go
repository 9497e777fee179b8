package admin

import (
	"strings"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

// known are the members of data that are fields of every user. The additional ones are read beside them; all else is dropped.
//
// Differs from better-auth, where createdAt and updatedAt can be set as well, and a value of another type fails in the database.
func known() []authflow.Field {
	return []authflow.Field{
		authflow.Text("name", "").Opt().Max(1024), authflow.Text("image", "").Opt().Null(), authflow.Flag("emailVerified", ""),
	}
}

// readData makes a change of a body's data. Additional fields of any kind may be set, and so may the plugin's.
func (f *Feature) readData(data authflow.Values, creating bool) (sessionstore.UserChange, error) {
	var change sessionstore.UserChange
	if err := authflow.CheckMembers("data", data, known()...); err != nil {
		return change, err
	}
	if data.Has("name") {
		name := data.String("name")
		change.Name = &name
	}
	if data.Has("image") {
		var image *string
		if !data.IsNull("image") {
			text := data.String("image")
			image = &text
		}
		change.Image = &image
	}
	if data.Has("emailVerified") {
		verified := data.Bool("emailVerified", false)
		change.EmailVerified = &verified
	}
	var err error
	change.Fields, err = authflow.AssignFields(f.Core.UserFields, data, creating)
	return change, err
}

// bans tells whether the data says anything about a ban.
func bans(data authflow.Values) bool {
	return data.Has("banned") || data.Has("banReason") || data.Has("banExpires")
}

func canonical(email string) string { return strings.ToLower(email) }
