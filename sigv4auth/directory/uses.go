package directory

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wildgate/wildgate/sigv4auth"
)

// useInterval is how old what is known of a key's last use may be: AWS is no more exact.
const useInterval = time.Minute

// lastUse is when a key or a role was last used. It is shared by all versions of its entity.
type lastUse struct{ last atomic.Pointer[usedAt] }

// usedAt is a use.
type usedAt struct {
	at              time.Time
	region, service string
}

// uses collects uses that are not in the database yet.
type uses struct {
	mu    sync.Mutex
	dirty map[ref]*usedAt // guarded by mu
}

// ofKey remembers that a user's access key was used.
func (n *uses) ofKey(s *state, u *user, id *sigv4auth.Identity) {
	if k, ok := s.keys.Get(id.AccessKeyID); ok && k.user == u.id {
		n.remember(ref{kindKey, k.id}, k.used, id)
	}
}

// ofRole remembers that a role was used.
func (n *uses) ofRole(r *role, id *sigv4auth.Identity) { n.remember(ref{kindRole, r.id}, r.used, id) }

// remember keeps a use, at most one in useInterval. An Identity that no request has proved is none,
// as where somebody asks what a user may do.
func (n *uses) remember(of ref, to *lastUse, id *sigv4auth.Identity) {
	if id.VerifiedAt.IsZero() {
		return
	}
	last := to.last.Load()
	if last != nil && id.VerifiedAt.Sub(last.at) < useInterval && last.service == id.Scope.Service && last.region == id.Scope.Region {
		return
	}
	now := &usedAt{at: id.VerifiedAt.UTC().Truncate(time.Second), region: id.Scope.Region, service: id.Scope.Service}
	if last != nil && now.at.Before(last.at) || !to.last.CompareAndSwap(last, now) {
		return // somebody else's use is as recent
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.dirty == nil {
		n.dirty = make(map[ref]*usedAt)
	}
	n.dirty[of] = now
}

// giveBack takes back what could not be kept.
func (n *uses) giveBack(taken map[ref]*usedAt) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.dirty == nil {
		n.dirty = make(map[ref]*usedAt)
	}
	for of, use := range taken {
		if now := n.dirty[of]; now == nil || now.at.Before(use.at) {
			n.dirty[of] = use
		}
	}
}

// take returns the uses since the last call.
func (n *uses) take() map[ref]*usedAt {
	n.mu.Lock()
	defer n.mu.Unlock()
	taken := n.dirty
	n.dirty = nil
	return taken
}

// lastUsed returns when a key or a role was last used, as this process or the database knows; nil:
// never.
func (d *Directory) lastUsed(ctx context.Context, of ref, cell *lastUse) (*usedAt, error) {
	here := cell.last.Load()
	if d.db == nil {
		return here, nil
	}
	there, err := d.db.usedInDatabase(ctx, of)
	if err != nil {
		return nil, unavailable("the last use cannot be asked for", err)
	}
	if there == nil || here != nil && here.at.After(there.at) {
		return here, nil
	}
	return there, nil
}
