package directory

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
	"github.com/wildgate/wildgate/sigv4auth/internal/awsquery"
	"github.com/wildgate/wildgate/sigv4auth/internal/iamid"
)

var keyOperations = map[string]operation{
	"CreateAccessKey":      createAccessKey,
	"ListAccessKeys":       listAccessKeys,
	"UpdateAccessKey":      updateAccessKey,
	"DeleteAccessKey":      deleteAccessKey,
	"GetAccessKeyLastUsed": accessKeyLastUsed,
}

// The statuses of access keys.
const (
	statusActive   = "Active"
	statusInactive = "Inactive"
)

// newKey returns an active access key of a user, with its secret sealed if there is a database.
func (d *Directory) newKey(id string, secret sigv4auth.Secret, of *user, now time.Time) (*accessKey, error) {
	k := &accessKey{id: id, user: of.id, active: true, created: now, secret: secret, used: new(lastUse)}
	if d.db == nil {
		return k, nil
	}
	var err error
	k.sealed, err = d.db.seal(k)
	return k, err
}

// keyAnswer is an access key as IAM tells it.
type keyAnswer struct {
	UserName        string
	AccessKeyID     string `xml:"AccessKeyId"`
	Status          string
	SecretAccessKey string `xml:",omitempty"` // told once, to who created the key
	CreateDate      awsquery.Time
}

func answerKey(u *user, k *accessKey) keyAnswer {
	status := statusInactive
	if k.active {
		status = statusActive
	}
	return keyAnswer{UserName: u.name, AccessKeyID: k.id, Status: status, CreateDate: awsquery.Time(k.created)}
}

// onOwnUser decides about an operation on the user that a request names, or who calls.
func (c *call) onOwnUser() (*user, error) {
	name, err := c.userName()
	if err != nil {
		return nil, err
	}
	return c.onUser(name)
}

func createAccessKey(c *call) (do, error) {
	u, err := c.onOwnUser()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		id, secret := iamid.NewAccessKeyID(iamid.LongTermPrefix), sigv4auth.NewSecret(iamid.NewSecret())
		var answer keyAnswer
		err := c.update(ctx, func(e *edit) error {
			now, ok := e.usersID.Get(u.id)
			switch {
			case !ok:
				return noSuchUser(u.name)
			case len(now.keys) >= maxKeysPerUser:
				return limitExceeded("Cannot exceed quota for AccessKeysPerUser: %d", maxKeysPerUser)
			}
			k, err := c.endpoint.dir.newKey(id, secret, now, e.now)
			if err != nil {
				return err
			}
			changed := *now
			changed.keys = append(slices.Clone(now.keys), id)
			e.putUser(&changed)
			e.putKey(k)
			answer = answerKey(now, k)
			return nil
		})
		answer.SecretAccessKey = secret.Reveal()
		return struct{ AccessKey keyAnswer }{answer}, err
	}, nil
}

func listAccessKeys(c *call) (do, error) {
	pg, err := c.page()
	if err != nil {
		return nil, err
	}
	u, err := c.onOwnUser()
	if err != nil {
		return nil, err
	}
	return func(context.Context) (any, error) {
		// In the order of their IDs, since markers need one that lasts.
		part, end := takeSlice(pg, slices.Sorted(slices.Values(u.keys)), func(id string) string { return id },
			func(id string) (keyAnswer, bool) {
				k, ok := c.state.keys.Get(id)
				if !ok {
					return keyAnswer{}, false // unreachable: a user's keys are there
				}
				return answerKey(u, k), true
			})
		return struct {
			AccessKeyMetadata awsquery.List[keyAnswer]
			listed
		}{part, end}, nil
	}, nil
}

func noSuchKeyOf(id string) error {
	return noSuchEntity("The Access Key with id %s cannot be found.", id)
}

// keyOf returns a user's key in a draft.
func (e *edit) keyOf(userID, id string) (*user, *accessKey, error) {
	u, ok := e.usersID.Get(userID)
	if !ok || !slices.Contains(u.keys, id) {
		return nil, nil, noSuchKeyOf(id)
	}
	k, ok := e.keys.Get(id)
	if !ok {
		return nil, nil, noSuchKeyOf(id) // unreachable: a user's keys are there
	}
	return u, k, nil
}

func updateAccessKey(c *call) (do, error) {
	id, status := c.p.String("AccessKeyId", accessKeyIDRule), c.p.String("Status", statusRule)
	u, err := c.onOwnUser()
	if err != nil {
		return nil, err
	}
	if status != statusActive && status != statusInactive {
		return nil, validationError("The status of an access key is Active or Inactive")
	}
	return func(ctx context.Context) (any, error) {
		return nil, c.update(ctx, func(e *edit) error {
			_, now, err := e.keyOf(u.id, id)
			if err != nil {
				return err
			}
			k := *now
			if k.active = status == statusActive; k.active != now.active {
				e.putKey(&k)
			}
			return nil
		})
	}, nil
}

func deleteAccessKey(c *call) (do, error) {
	id := c.p.String("AccessKeyId", accessKeyIDRule)
	u, err := c.onOwnUser()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		return nil, c.update(ctx, func(e *edit) error {
			now, _, err := e.keyOf(u.id, id)
			if err != nil {
				return err
			}
			changed := *now
			changed.keys = slices.DeleteFunc(slices.Clone(now.keys), func(other string) bool { return other == id })
			e.putUser(&changed)
			e.deleteKey(id)
			return nil
		})
	}, nil
}

// useAnswer is when a key was last used, as IAM tells it.
type useAnswer struct {
	LastUsedDate *awsquery.Time
	ServiceName  string
	Region       string
}

const notUsed = "N/A"

func answerUse(use *usedAt) useAnswer {
	if use == nil {
		return useAnswer{ServiceName: notUsed, Region: notUsed}
	}
	at := awsquery.Time(use.at)
	return useAnswer{LastUsedDate: &at, ServiceName: use.service, Region: use.region}
}

func accessKeyLastUsed(c *call) (do, error) {
	id := c.p.String("AccessKeyId", accessKeyIDRule)
	c.names("access key", id)
	k, known := c.state.keys.Get(id)
	var u *user
	if known {
		u, known = c.state.usersID.Get(k.user)
	}
	if !known || u.account != c.account {
		if err := c.allow(c.arn("user", defaultPath, "")); err != nil {
			return nil, err
		}
		return nil, noSuchKeyOf(id)
	}
	if err := c.allowOn(aboutUser(u)); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) {
		use, err := c.endpoint.dir.lastUsed(ctx, ref{kindKey, id}, k.used)
		return struct {
			UserName          string
			AccessKeyLastUsed useAnswer
		}{u.name, answerUse(use)}, err
	}, nil
}

// nameOfARN returns what comes after the last slash of an ARN.
func nameOfARN(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
