package admin

import (
	"maps"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/sessionstore"
)

func fieldOf(kind sessionstore.FieldKind) sessionstore.FieldConfig {
	return sessionstore.FieldConfig{Type: sessionstore.FieldType{Kind: kind}, Returned: true}
}

// UserFields are the additional fields of users with the plugin's columns beside them. No client may set those.
func (c Config) UserFields(others sessionstore.FieldConfigs) sessionstore.FieldConfigs {
	if !c.Enabled {
		return others
	}
	role, banned := fieldOf(sessionstore.FieldString), fieldOf(sessionstore.FieldBoolean)
	role.Initial = c.DefaultRole
	banned.Default = sessionstore.DefaultOf(false)
	return with(others, sessionstore.FieldConfigs{
		"role": role, "banned": banned, "banReason": fieldOf(sessionstore.FieldString), "banExpires": fieldOf(sessionstore.FieldDate),
	})
}

// SessionFields are the same for sessions.
func (c Config) SessionFields(others sessionstore.FieldConfigs) sessionstore.FieldConfigs {
	if !c.Enabled {
		return others
	}
	return with(others, sessionstore.FieldConfigs{authflow.ImpersonatedBy: fieldOf(sessionstore.FieldString)})
}

// Clashes are the names of additional fields that are the plugin's.
func (c Config) Clashes(user, session sessionstore.FieldConfigs) (ofUser, ofSession []string) {
	if !c.Enabled {
		return nil, nil
	}
	for name := range c.UserFields(nil) {
		if _, taken := user[name]; taken {
			ofUser = append(ofUser, name)
		}
	}
	if _, taken := session[authflow.ImpersonatedBy]; taken {
		ofSession = append(ofSession, authflow.ImpersonatedBy)
	}
	return ofUser, ofSession
}

func with(others, own sessionstore.FieldConfigs) sessionstore.FieldConfigs {
	all := maps.Clone(others)
	if all == nil {
		all = sessionstore.FieldConfigs{}
	}
	maps.Copy(all, own)
	return all
}
