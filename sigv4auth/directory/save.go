package directory

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wildgate/wildgate/internal/sqldb"
	"github.com/wildgate/wildgate/sigv4auth/keyring"
)

// The lists of an identity provider.
const (
	listClients     = "clients"
	listThumbprints = "thumbprints"
)

// saver writes what a draft has changed. The first error ends it.
type saver struct {
	ctx context.Context
	tx  *sql.Tx
	e   *edit
	err error
}

// save writes everything that a draft has changed, and what has changed.
func save(ctx context.Context, tx *sql.Tx, e *edit, token string) error {
	s := &saver{ctx: ctx, tx: tx, e: e}
	// Names that were given free come first.
	for _, r := range e.changed {
		if !s.there(r) {
			s.delete(r)
		}
	}
	for i, r := range e.changed {
		if s.there(r) {
			s.put(r)
		}
		s.exec(`INSERT INTO directory_changes (revision, seq, token, kind, id) VALUES ($1, $2, $3, $4, $5)`,
			e.revision, i, token, string(r.kind), r.id)
	}
	if e.revision%pruneEvery == 0 {
		s.exec(`DELETE FROM directory_changes WHERE revision <= $1`, e.revision-keptChanges)
	}
	return s.err
}

func (s *saver) exec(statement string, args ...any) {
	if s.err == nil {
		_, s.err = s.tx.ExecContext(s.ctx, statement, args...)
	}
}

// there reports whether the draft has an entity.
func (s *saver) there(r ref) (ok bool) {
	switch r.kind {
	case kindAccount:
		_, ok = s.e.accounts.Get(r.id)
	case kindUser:
		_, ok = s.e.usersID.Get(r.id)
	case kindGroup:
		_, ok = s.e.groupsID.Get(r.id)
	case kindRole:
		_, ok = s.e.rolesID.Get(r.id)
	case kindPolicy:
		_, ok = s.e.policyID.Get(r.id)
	case kindKey:
		_, ok = s.e.keys.Get(r.id)
	case kindProvider:
		_, ok = s.e.providers.Get(r.id)
	}
	return ok
}

func (s *saver) delete(r ref) {
	s.exec(`DELETE FROM `+tables[r.kind]+` WHERE id = $1`, r.id)
	switch r.kind {
	case kindUser:
		s.clearHolder(r.id)
		s.exec(`DELETE FROM directory_members WHERE user_id = $1`, r.id)
	case kindGroup:
		s.clearHolder(r.id)
	case kindRole:
		s.clearHolder(r.id)
		s.exec(`DELETE FROM directory_uses WHERE kind = $1 AND id = $2`, string(r.kind), r.id)
	case kindPolicy:
		s.exec(`DELETE FROM directory_tags WHERE owner_id = $1`, r.id)
		s.exec(`DELETE FROM directory_versions WHERE policy_id = $1`, r.id)
	case kindKey:
		s.exec(`INSERT INTO directory_deleted_keys (id, revision) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, r.id, s.e.revision)
		s.exec(`DELETE FROM directory_uses WHERE kind = $1 AND id = $2`, string(r.kind), r.id)
	case kindProvider:
		s.exec(`DELETE FROM directory_tags WHERE owner_id = $1`, r.id)
		s.exec(`DELETE FROM directory_provider_lists WHERE owner_id = $1`, r.id)
	}
}

func (s *saver) put(r ref) {
	switch r.kind {
	case kindAccount:
		a, _ := s.e.accounts.Get(r.id)
		s.exec(`INSERT INTO directory_accounts (id, alias, created) VALUES ($1, $2, $3)
			ON CONFLICT (id) DO UPDATE SET alias = excluded.alias`, a.id, sql.NullString{String: a.alias, Valid: a.alias != ""}, a.created.Unix())
	case kindUser:
		s.putUser(r.id)
	case kindGroup:
		g, _ := s.e.groupsID.Get(r.id)
		s.exec(`INSERT INTO directory_groups (id, account_id, name, name_key, path, created) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key, path = excluded.path`, columns(&g.named)...)
		s.putHolder(&g.holder)
	case kindRole:
		s.putRole(r.id)
	case kindPolicy:
		s.putPolicy(r.id)
	case kindKey:
		s.putKey(r.id)
	case kindProvider:
		s.putProvider(r.id)
	}
}

// columns are the values of the columns that several tables begin with.
func columns(n *named, more ...any) []any {
	return append([]any{n.id, n.account, n.name, n.key()[len(n.account)+1:], n.path, n.created.Unix()}, more...)
}

// clearHolder removes what a user, a group or a role has.
func (s *saver) clearHolder(id string) {
	s.exec(`DELETE FROM directory_tags WHERE owner_id = $1`, id)
	s.exec(`DELETE FROM directory_inline WHERE owner_id = $1`, id)
	s.exec(`DELETE FROM directory_attached WHERE owner_id = $1`, id)
}

func (s *saver) putHolder(h *holder) {
	s.clearHolder(h.id)
	s.putTags(h.id, h.tags)
	for _, p := range h.inline {
		s.exec(`INSERT INTO directory_inline (owner_id, name, document) VALUES ($1, $2, $3)`, h.id, p.name, p.doc.text)
	}
	for _, arn := range h.attached {
		s.exec(`INSERT INTO directory_attached (owner_id, policy_arn) VALUES ($1, $2)`, h.id, arn)
	}
}

func (s *saver) putTags(owner string, tags []Tag) {
	for _, t := range tags {
		s.exec(`INSERT INTO directory_tags (owner_id, tag_key, tag_value) VALUES ($1, $2, $3)`, owner, t.Key, t.Value)
	}
}

func (s *saver) putUser(id string) {
	u, _ := s.e.usersID.Get(id)
	s.exec(`INSERT INTO directory_users (id, account_id, name, name_key, path, created, boundary) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key, path = excluded.path, boundary = excluded.boundary`,
		columns(&u.named, u.boundary)...)
	s.putHolder(&u.holder)
	s.exec(`DELETE FROM directory_members WHERE user_id = $1`, id)
	for _, group := range u.groups {
		s.exec(`INSERT INTO directory_members (user_id, group_id) VALUES ($1, $2)`, id, group)
	}
}

func (s *saver) putRole(id string) {
	r, _ := s.e.rolesID.Get(id)
	s.exec(`INSERT INTO directory_roles (id, account_id, name, name_key, path, created, boundary, description, trust, max_session)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (id) DO UPDATE SET boundary = excluded.boundary, description = excluded.description, trust = excluded.trust,
			max_session = excluded.max_session`,
		columns(&r.named, r.boundary, r.description, r.trust.text, int64(r.maxSession/time.Second))...)
	s.putHolder(&r.holder)
}

func (s *saver) putPolicy(id string) {
	p, _ := s.e.policyID.Get(id)
	s.exec(`INSERT INTO directory_policies (id, account_id, name, name_key, path, created, description, default_version, next_version, updated)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (id) DO UPDATE SET default_version = excluded.default_version, next_version = excluded.next_version,
			updated = excluded.updated`,
		columns(&p.named, p.description, p.defaultVersion, p.nextVersion, p.updated.Unix())...)
	s.exec(`DELETE FROM directory_tags WHERE owner_id = $1`, id)
	s.putTags(id, p.tags)
	s.exec(`DELETE FROM directory_versions WHERE policy_id = $1`, id)
	for i, v := range p.versions {
		s.exec(`INSERT INTO directory_versions (policy_id, seq, id, document, created) VALUES ($1, $2, $3, $4, $5)`,
			id, i, v.id, v.doc.text, v.created.Unix())
	}
}

// putKey writes a key. One that was read from the database has its sealed secret there.
func (s *saver) putKey(id string) {
	k, _ := s.e.keys.Get(id)
	active := 0
	if k.active {
		active = 1
	}
	if k.sealed == nil {
		s.exec(`UPDATE directory_keys SET active = $1 WHERE id = $2`, active, id)
		return
	}
	by, ok := keyring.KeyOf(k.sealed)
	if !ok && s.err == nil {
		s.err = fmt.Errorf("the secret of access key %s is not sealed", id) // unreachable
	}
	expires := int64(0)
	if !k.expires.IsZero() {
		expires = k.expires.Unix()
	}
	s.exec(`INSERT INTO directory_keys (id, user_id, active, sealed, seal_key, created, expires) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET active = excluded.active, sealed = excluded.sealed, seal_key = excluded.seal_key`,
		id, k.user, active, base64.RawStdEncoding.EncodeToString(k.sealed), by.String(), k.created.Unix(), expires)
}

func (s *saver) putProvider(id string) {
	p, _ := s.e.providers.Get(id)
	s.exec(`INSERT INTO directory_providers (id, account_id, arn, url, created) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING`,
		id, p.account, p.arn, p.url, p.created.Unix())
	s.exec(`DELETE FROM directory_tags WHERE owner_id = $1`, id)
	s.putTags(id, p.tags)
	s.exec(`DELETE FROM directory_provider_lists WHERE owner_id = $1`, id)
	for list, values := range map[string][]string{listClients: p.clients, listThumbprints: p.thumbprints} {
		for i, value := range values {
			s.exec(`INSERT INTO directory_provider_lists (owner_id, list, seq, value) VALUES ($1, $2, $3, $4)`, id, list, i, value)
		}
	}
}

// saveUses writes when keys and roles were last used.
func (db *database) saveUses(ctx context.Context) error {
	taken := db.d.uses.take()
	if len(taken) == 0 {
		return nil
	}
	err := db.check(ctx)
	if err == nil {
		err = sqldb.InTransaction(ctx, db.sql, nil, func(tx *sql.Tx) error {
			// In one order, so that no two processes wait for each other.
			for _, of := range slices.SortedFunc(maps.Keys(taken), byKindAndID) {
				use := taken[of]
				_, err := tx.ExecContext(ctx, `INSERT INTO directory_uses (kind, id, used, region, service) VALUES ($1, $2, $3, $4, $5)
					ON CONFLICT (kind, id) DO UPDATE SET used = excluded.used, region = excluded.region, service = excluded.service
					WHERE directory_uses.used <= excluded.used`, string(of.kind), of.id, use.at.Unix(), use.region, use.service)
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		db.d.uses.giveBack(taken)
	}
	return err
}

func byKindAndID(a, b ref) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id)) }

// usedInDatabase returns the last use that the database knows; nil: none.
func (db *database) usedInDatabase(ctx context.Context, of ref) (*usedAt, error) {
	var at int64
	u := &usedAt{}
	err := db.sql.QueryRowContext(ctx, `SELECT used, region, service FROM directory_uses WHERE kind = $1 AND id = $2`,
		string(of.kind), of.id).Scan(&at, &u.region, &u.service)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, err
	}
	u.at = fromUnix(at)
	return u, nil
}
