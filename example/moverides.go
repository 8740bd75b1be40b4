package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/wildgate/wildgate/iampolicy"
	"github.com/wildgate/wildgate/sigv4auth"
)

const (
	// unclaimed begins what owns the rides of a name that several had: no owner key of sigv4auth
	// begins so.
	unclaimed = "unclaimed:"
	// maxMovesLogged bounds the lines of one start.
	maxMovesLogged = 100
)

// moveRides gives the rides of older versions, which took the rider's bare name for the owner, to
// the principal of that name. Of two that have the name nobody can tell whose a ride is, and of a
// name that nobody has any more neither: those rides are kept, and are nobody's. It runs before
// anything is served, and finds nothing to do from the second start on.
func moveRides(ctx context.Context, dir string, v *principalsView, store *rideStore, log *slog.Logger) error {
	riders, err := store.Unnamed(ctx)
	if err != nil || len(riders) == 0 {
		return err
	}
	owners, err := ownersByName(dir, v)
	if err != nil {
		return err
	}
	for i, r := range riders {
		level, message, key := slog.LevelInfo, "rides of an older version have their owner by unique ID now", ""
		attrs := []slog.Attr{slog.String("rider", r.Rider), slog.Int("rides", r.Rides)}
		if of := owners[r.Rider]; len(of) == 1 && of[0].key != "" {
			key = of[0].key
			attrs = append(attrs, slog.String("principal", of[0].arn))
		} else {
			level, key = slog.LevelWarn, unclaimed+r.Rider
			message = "rides of an older version are nobody's: no principal has this name alone; " +
				"UPDATE rides SET rider = KEY WHERE rider = OWNER gives them to one, while the program does not run"
			for _, o := range of {
				attrs = append(attrs, slog.String("principal", o.arn), slog.String("key", o.key))
			}
		}
		if err := store.Rename(ctx, r.Rider, key); err != nil {
			return err
		}
		if i < maxMovesLogged {
			log.LogAttrs(ctx, level, message, append(attrs, slog.String("owner", key))...)
		}
	}
	if more := len(riders) - maxMovesLogged; more > 0 {
		log.Info("more riders' rides were moved than are logged", "riders", more)
	}
	return nil
}

// owner is one who may have asked for rides under a name.
type owner struct{ arn, key string }

// ownersByName returns who of the folder was called what, by the rule of older versions: by the
// federated subject, else the session name, else the user name.
func ownersByName(dir string, v *principalsView) (map[string][]owner, error) {
	owners := make(map[string][]owner)
	add := func(name string, c sigv4auth.Credential) {
		key, _ := c.OwnerKey()
		for _, o := range owners[name] {
			if o.key == key && key != "" {
				return
			}
		}
		owners[name] = append(owners[name], owner{c.Principal.ARN, key})
	}
	for _, u := range v.Users {
		p := iampolicy.Principal{ARN: u.Arn, UserID: u.UserID}
		add(p.UserName(), sigv4auth.Credential{Principal: p})
	}
	sessions, err := readSessions(dir)
	if err != nil {
		return nil, err
	}
	// Of these sessions there were more than the file still has: one at each start. Where their
	// role is gone, nobody knows its ID.
	program := sessionView{SessionName: riderSession}
	for _, r := range v.Roles {
		if strings.HasSuffix(r.Arn, ":role/wildrydes/"+riderRole) {
			program.RoleArn, program.RoleID = r.Arn, r.RoleID
		}
	}
	for _, s := range append(sessions, program) {
		name := s.SessionName
		credential := sigv4auth.Credential{Principal: iampolicy.Principal{ARN: s.arn(), UserID: s.RoleID + ":" + s.SessionName}}
		if f := s.Federated; f != nil {
			credential.Session = &sigv4auth.Session{Federated: &sigv4auth.FederatedIdentity{Provider: f.Provider, Subject: f.Subject}}
			if f.Subject != "" {
				name = f.Subject
			}
		}
		add(name, credential)
	}
	return owners, nil
}

// sessionView is what has to be known of a record of sessions.json.
type sessionView struct {
	RoleArn, RoleID, SessionName string
	Federated                    *struct{ Provider, Subject string }
}

// arn returns the ARN of the session, or one that is nobody's if the role is not known.
func (s *sessionView) arn() string {
	parts := strings.SplitN(s.RoleArn, ":", 6)
	if len(parts) != 6 {
		return "a session of a role that is gone"
	}
	return "arn:" + parts[1] + ":sts::" + parts[4] + ":assumed-role/" + parts[5][strings.LastIndexByte(parts[5], '/')+1:] + "/" +
		s.SessionName
}

func readSessions(dir string) ([]sessionView, error) {
	const name = "sessions.json"
	data, err := os.ReadFile(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var document struct{ Sessions []sessionView }
	if err == nil {
		err = json.Unmarshal(data, &document)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return document.Sessions, nil
}
