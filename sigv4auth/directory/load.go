package directory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wildgate/wildgate/iampolicy"
)

// loader reads entities into a draft.
type loader struct {
	db  *database
	ctx context.Context
	q   querier
	e   *edit

	// What is read beside the entities, by the unique ID of who has it.
	tags     map[string][]Tag
	inline   map[string][]inlinePolicy
	attached map[string][]string
	groups   map[string][]string
	keys     map[string][]string // access key IDs, the oldest first
	versions map[string][]*version
	lists    map[[2]string][]string // of a provider

	documents map[documentKey]*document // those that were compiled, so that equal ones are one
	last      *state                    // what was in force
}

type documentKey struct {
	name, text string
	as         iampolicy.PolicyType
}

func (db *database) newLoader(ctx context.Context, q querier, e *edit, last *state) *loader {
	return &loader{
		db: db, ctx: ctx, q: q, e: e, last: last, tags: map[string][]Tag{}, inline: map[string][]inlinePolicy{},
		attached: map[string][]string{}, groups: map[string][]string{}, keys: map[string][]string{}, versions: map[string][]*version{},
		lists: map[[2]string][]string{}, documents: map[documentKey]*document{},
	}
}

// loadAll reads everything. q reads one state of the database, which has the revision.
func (db *database) loadAll(ctx context.Context, q querier, revision int64) (*state, error) {
	e := newEdit(new(state), db.d.cfg.Partition, db.d.cfg.Now())
	e.revision, e.quiet = revision, true
	last := db.d.current.Load()
	if last == nil {
		last = new(state)
	}
	l := db.newLoader(ctx, q, e, last)
	if err := l.load("", "", ""); err != nil {
		return nil, err
	}
	return e.done(db.d.process), nil
}

// loadSome reads entities again that have changed, or deletes them from the draft.
func (db *database) loadSome(ctx context.Context, q querier, e *edit, changed []ref) error {
	// Of several revisions, one may give a name to an entity that another one had. So all that have
	// changed are taken out before the first is put in again.
	for _, r := range changed {
		if err := db.takeOut(ctx, q, e, r); err != nil {
			return err
		}
	}
	for _, r := range changed {
		l := db.newLoader(ctx, q, e, e.base)
		if err := l.load(r.kind, " WHERE id = $1", r.id); err != nil {
			return err
		}
	}
	return nil
}

// tables are those of the entities.
var tables = map[kind]string{
	kindAccount: "directory_accounts", kindUser: "directory_users", kindGroup: "directory_groups", kindRole: "directory_roles",
	kindPolicy: "directory_policies", kindKey: "directory_keys", kindProvider: "directory_providers",
}

// takeOut removes an entity from the draft, with what finds it. Accounts and keys have no name that
// another one may get: an account stays, and a key goes if it is no longer in the database.
func (db *database) takeOut(ctx context.Context, q querier, e *edit, r ref) error {
	if _, known := tables[r.kind]; !known {
		return fmt.Errorf("changes of a kind that this program does not know: %q", r.kind)
	}
	switch r.kind {
	case kindUser:
		if u, ok := e.usersID.Get(r.id); ok {
			e.deleteUser(u)
		}
	case kindGroup:
		if g, ok := e.groupsID.Get(r.id); ok {
			e.deleteGroup(g)
		}
	case kindRole:
		if role, ok := e.rolesID.Get(r.id); ok {
			e.deleteRole(role)
		}
	case kindPolicy:
		if p, ok := e.policyID.Get(r.id); ok {
			e.deletePolicy(p)
		}
	case kindKey:
		var there bool
		err := q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM directory_keys WHERE id = $1)`, r.id).Scan(&there)
		if err != nil {
			return err
		}
		if !there {
			e.deleteKey(r.id)
		}
	case kindProvider:
		if p, ok := e.providers.Get(r.id); ok {
			e.deleteProvider(p)
		}
	}
	return nil
}

// load reads the entities of a kind that where selects; of no kind, all of all kinds.
func (l *loader) load(k kind, where string, id string) error {
	var args []any
	owned := ""
	if where != "" {
		args, owned = []any{id}, " WHERE owner_id = $1"
	}
	// beside reads what the entities have, of which the column names them.
	beside := func(column string) string {
		if owned == "" {
			return ""
		}
		return " WHERE " + column + " = $1"
	}
	is := func(kinds ...kind) bool { return k == "" || slices.Contains(kinds, k) }
	holders := is(kindUser, kindGroup, kindRole)
	for _, step := range []struct {
		needed bool
		read   func() error
	}{
		{is(kindUser, kindRole, kindPolicy, kindProvider), func() error { return l.readTags(owned, args) }},
		{holders, func() error { return l.readInline(owned, args) }},
		{holders, func() error { return l.readAttached(owned, args) }},
		{is(kindUser), func() error { return l.readMembers(beside("user_id"), args) }},
		{is(kindPolicy), func() error { return l.readVersions(beside("policy_id"), args) }},
		{is(kindProvider), func() error { return l.readLists(owned, args) }},
		{is(kindAccount), func() error { return l.readAccounts(where, args) }},
		{is(kindPolicy), func() error { return l.readPolicies(where, args) }},
		{is(kindGroup), func() error { return l.readGroups(where, args) }},
		{is(kindKey), func() error { return l.readKeys(where, args, true) }},
		{k == kindUser, func() error { return l.readKeys(beside("user_id"), args, false) }},
		{is(kindUser), func() error { return l.readUsers(where, args) }},
		{is(kindRole), func() error { return l.readRoles(where, args) }},
		{is(kindProvider), func() error { return l.readProviders(where, args) }},
		{k == "", l.readDeleted},
	} {
		if !step.needed {
			continue
		}
		if err := step.read(); err != nil {
			return err
		}
	}
	return nil
}

// each reads the rows of a query.
func (l *loader) each(query string, args []any, read func(scan func(...any) error) error) (err error) {
	rows, err := l.q.QueryContext(l.ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := read(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (l *loader) readTags(where string, args []any) error {
	return l.each(`SELECT owner_id, tag_key, tag_value FROM directory_tags`+where+` ORDER BY owner_id`, args,
		func(scan func(...any) error) error {
			var owner string
			var t Tag
			err := scan(&owner, &t.Key, &t.Value)
			l.tags[owner] = append(l.tags[owner], t)
			return err
		})
}

// tagsOf returns tags in the order in which entities have them, which is not each database's.
func (l *loader) tagsOf(owner string) []Tag {
	tags := l.tags[owner]
	sortTags(tags)
	return tags
}

func (l *loader) readInline(where string, args []any) error {
	return l.each(`SELECT owner_id, name, document FROM directory_inline`+where, args, func(scan func(...any) error) error {
		var owner, name, text string
		err := scan(&owner, &name, &text)
		l.inline[owner] = append(l.inline[owner], inlinePolicy{name: name, doc: &document{name: name, text: text}})
		return err
	})
}

func (l *loader) readAttached(where string, args []any) error {
	return l.each(`SELECT owner_id, policy_arn FROM directory_attached`+where, args, func(scan func(...any) error) error {
		var owner, arn string
		err := scan(&owner, &arn)
		l.attached[owner] = append(l.attached[owner], arn)
		return err
	})
}

func (l *loader) readMembers(where string, args []any) error {
	return l.each(`SELECT user_id, group_id FROM directory_members`+where, args, func(scan func(...any) error) error {
		var user, group string
		err := scan(&user, &group)
		l.groups[user] = append(l.groups[user], group)
		return err
	})
}

func (l *loader) readVersions(where string, args []any) error {
	query := `SELECT policy_id, id, document, created FROM directory_versions` + where + ` ORDER BY policy_id, seq`
	return l.each(query, args, func(scan func(...any) error) error {
		var owner string
		var created int64
		v := &version{doc: &document{}}
		err := scan(&owner, &v.id, &v.doc.text, &created)
		v.created = fromUnix(created)
		l.versions[owner] = append(l.versions[owner], v)
		return err
	})
}

func (l *loader) readLists(where string, args []any) error {
	query := `SELECT owner_id, list, value FROM directory_provider_lists` + where + ` ORDER BY owner_id, list, seq`
	return l.each(query, args, func(scan func(...any) error) error {
		var owner, list, value string
		err := scan(&owner, &list, &value)
		l.lists[[2]string{owner, list}] = append(l.lists[[2]string{owner, list}], value)
		return err
	})
}

func (l *loader) readAccounts(where string, args []any) error {
	return l.each(`SELECT id, alias, created FROM directory_accounts`+where, args, func(scan func(...any) error) error {
		a := &account{}
		var alias sql.NullString
		var created int64
		if err := scan(&a.id, &alias, &created); err != nil {
			return err
		}
		a.alias, a.created = alias.String, fromUnix(created)
		l.e.putAccount(a)
		return nil
	})
}

// named is what the first columns of several tables are read into.
func columnsOf(n *named, created *int64) []any {
	return []any{&n.id, &n.account, &n.name, &n.path, created}
}

const namedColumns = `id, account_id, name, path, created`

// holderOf completes what has policies. where is what the problems of its documents are about.
func (l *loader) holderOf(h *holder, created int64, before *holder, about string) {
	h.created, h.tags, h.inline, h.attached = fromUnix(created), l.tagsOf(h.id), l.inline[h.id], l.attached[h.id]
	slices.Sort(h.attached)
	slices.SortFunc(h.inline, func(a, b inlinePolicy) int { return strings.Compare(a.name, b.name) })
	for i := range h.inline {
		var last *document
		if before != nil {
			last = before.inlineDocument(h.inline[i].name)
		}
		h.inline[i].doc = l.document(h.inline[i].doc, iampolicy.IdentityPolicy, last, about+", inline policy "+h.inline[i].name)
	}
}

func (l *loader) readPolicies(where string, args []any) error {
	query := `SELECT ` + namedColumns + `, description, default_version, next_version, updated FROM directory_policies` + where
	return l.each(query, args, func(scan func(...any) error) error {
		p := &policy{}
		var created, updated int64
		if err := scan(append(columnsOf(&p.named, &created), &p.description, &p.defaultVersion, &p.nextVersion, &updated)...); err != nil {
			return err
		}
		p.created, p.updated, p.tags, p.versions = fromUnix(created), fromUnix(updated), l.tagsOf(p.id), l.versions[p.id]
		about := p.named.arn(l.e.partition, "policy")
		if p.version(p.defaultVersion) == nil {
			return fmt.Errorf("%s has no default version", about)
		}
		for _, v := range p.versions {
			var last *document
			if v.id == p.defaultVersion {
				last = l.lastDefault(p.id)
			}
			v.doc.name = p.name
			v.doc = l.document(v.doc, iampolicy.IdentityPolicy, last, about+" "+v.id)
		}
		l.e.putPolicy(p)
		return nil
	})
}

func (l *loader) lastDefault(id string) *document {
	if p, ok := l.last.policyID.Get(id); ok {
		return p.document()
	}
	return nil
}

func (l *loader) readGroups(where string, args []any) error {
	return l.each(`SELECT `+namedColumns+` FROM directory_groups`+where, args, func(scan func(...any) error) error {
		g := &group{}
		var created int64
		if err := scan(columnsOf(&g.named, &created)...); err != nil {
			return err
		}
		var before *holder
		if old, ok := l.last.groupsID.Get(g.id); ok {
			before = &old.holder
		}
		l.holderOf(&g.holder, created, before, g.named.arn(l.e.partition, "group"))
		l.e.putGroup(g)
		return nil
	})
}

func (l *loader) readUsers(where string, args []any) error {
	return l.each(`SELECT `+namedColumns+`, boundary FROM directory_users`+where, args, func(scan func(...any) error) error {
		u := &user{}
		var created int64
		if err := scan(append(columnsOf(&u.named, &created), &u.boundary)...); err != nil {
			return err
		}
		var before *holder
		if old, ok := l.last.usersID.Get(u.id); ok {
			before = &old.holder
		}
		l.holderOf(&u.holder, created, before, u.named.arn(l.e.partition, "user"))
		u.groups, u.keys = l.groups[u.id], l.keys[u.id]
		slices.Sort(u.groups)
		l.e.putUser(u)
		return nil
	})
}

func (l *loader) readRoles(where string, args []any) error {
	query := `SELECT ` + namedColumns + `, boundary, description, trust, max_session FROM directory_roles` + where
	return l.each(query, args, func(scan func(...any) error) error {
		r := &role{trust: &document{}, used: new(lastUse)}
		var created, maxSession int64
		if err := scan(append(columnsOf(&r.named, &created), &r.boundary, &r.description, &r.trust.text, &maxSession)...); err != nil {
			return err
		}
		var before *holder
		var trust *document
		if old, ok := l.last.rolesID.Get(r.id); ok {
			before, trust, r.used = &old.holder, old.trust, old.used
		}
		about := r.named.arn(l.e.partition, "role")
		l.holderOf(&r.holder, created, before, about)
		r.maxSession, r.trust.name = time.Duration(maxSession)*time.Second, r.name
		r.trust = l.document(r.trust, iampolicy.TrustPolicy, trust, about+", trust policy")
		l.e.putRole(r)
		return nil
	})
}

// readKeys reads keys. Where they are read for their user, the draft has them already, or gets them
// by their own change.
func (l *loader) readKeys(where string, args []any, put bool) error {
	query := `SELECT id, user_id, active, sealed, created, expires FROM directory_keys` + where + ` ORDER BY user_id, created, id`
	return l.each(query, args, func(scan func(...any) error) error {
		k := &accessKey{}
		var active, created, expires int64
		var sealed string
		if err := scan(&k.id, &k.user, &active, &sealed, &created, &expires); err != nil {
			return err
		}
		l.keys[k.user] = append(l.keys[k.user], k.id)
		if !put {
			return nil
		}
		k.active, k.created, k.used = active != 0, fromUnix(created), new(lastUse)
		if expires != 0 {
			k.expires = fromUnix(expires)
		}
		if old, ok := l.e.keys.Get(k.id); ok {
			k.used = old.used
		}
		l.open(k, sealed)
		l.e.putKey(k)
		return nil
	})
}

func (l *loader) readProviders(where string, args []any) error {
	return l.each(`SELECT id, account_id, arn, url, created FROM directory_providers`+where, args, func(scan func(...any) error) error {
		p := &provider{}
		var id string
		var created int64
		if err := scan(&id, &p.account, &p.arn, &p.url, &created); err != nil {
			return err
		}
		p.created, p.tags = fromUnix(created), l.tagsOf(id)
		p.clients, p.thumbprints = l.lists[[2]string{id, listClients}], l.lists[[2]string{id, listThumbprints}]
		l.e.putProvider(p)
		return nil
	})
}

// readDeleted reads the IDs of the keys that were deleted.
func (l *loader) readDeleted() error {
	return l.each(`SELECT id, revision FROM directory_deleted_keys`, nil, func(scan func(...any) error) error {
		var id string
		var revision int64
		err := scan(&id, &revision)
		l.e.deleted.Set(id, revision)
		return err
	})
}

// document compiles a document, unless an equal one has been. One that cannot be read is reported,
// and is the last one that could, if there was one.
func (l *loader) document(d *document, as iampolicy.PolicyType, last *document, about string) *document {
	key := documentKey{d.name, d.text, as}
	if known, ok := l.documents[key]; ok && known.bad == nil {
		return known
	}
	if last != nil && last.bad == nil && last.text == d.text && last.name == d.name {
		return last
	}
	made := newDocument(d.name, d.text, as)
	l.documents[key] = made
	l.db.judge(about, "the document cannot be read: ", made.bad)
	if made.bad != nil {
		made.orLast(last)
	}
	return made
}

// judge reports what is wrong with something, or that it is no longer wrong.
func (db *database) judge(about, what string, err error) {
	db.mu.Lock()
	before, was := db.bad[about]
	message := ""
	if err != nil {
		message = what + err.Error()
		db.bad[about] = message
	} else if was {
		delete(db.bad, about)
	}
	db.mu.Unlock()
	switch {
	case err != nil && message != before:
		db.d.report(Problem{About: about, Message: message})
	case err == nil && was:
		db.d.report(Problem{About: about, Message: before, Mended: true})
	}
}

func fromUnix(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
