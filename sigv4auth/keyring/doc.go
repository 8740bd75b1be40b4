// Package keyring seals small texts, such as session tokens and secrets at rest, so that any
// process with the same keys opens them, and replaces the keys while the processes run.
//
// [Keys] are what is stored: a list of secret keys, each with the time from which it seals and the
// time until which it opens. [Ring] is what a running process holds of them, and a [Box] of a Ring
// seals for one purpose:
//
//	err := keyring.Create("ring", keyring.New(time.Now()))       // once, by the operator
//	ring, err := keyring.Open(keyring.Config{File: "ring"})      // in each process
//	box := ring.For("example.com/session-cookies 1")             // what for
//	sealed, err := box.Seal(nil, plaintext, additional)
//	plaintext, err := box.Open(nil, sealed, additional)
//
// # What sealing means
//
// What Seal returns tells nothing but its length and the ID of its key. It opens only with a ring
// that has the key, for the same purpose, with the same additional data, and with no byte changed.
// Each purpose has keys of its own, derived by HKDF-SHA256 (RFC 5869), so that one ring serves
// several users: what was sealed as a token never opens as a secret at rest. Additional data is not
// stored; it binds what is sealed to its place, such as the ID of a record.
//
// The sealed form is a version byte, which is 1, the key's ID of 4 bytes, a random nonce of 24
// bytes, and what XAES-256-GCM (c2sp.org/XAES-256-GCM) makes of the plaintext, which is 16 bytes
// longer: [Overhead] bytes in all are added. Nonces of 192 bits, of which no two are the same in
// practice, put no bound on the messages that a key may seal; those of AES-GCM alone would, at some
// billions.
//
// # Rotation
//
// [Keys.Rotate] adds a key. It opens at once and begins to seal after a delay, by which every
// process MUST have reloaded: otherwise one seals what another cannot open yet. The older keys go
// on opening until the grace period after that has ended. The grace period MUST be longer than what
// is sealed is to live: what outlives it is lost. A key that somebody else may have seen is removed
// by [Keys.Retire], and what it sealed ends with that. [Update] does both in a file, under a lock,
// so that two that rotate at one time do not undo each other's work; the command
// github.com/wildgate/wildgate/sigv4auth/cmd/keyring does it from a shell. The clocks of the
// processes SHOULD differ by less than the delay.
//
// A Ring reads its file again at most once in [Config].CheckEvery, when it is used; there is no
// goroutine behind it. If the file cannot be read or is broken, the last good keys stay in force,
// each until its own time ends, and Config.Report is told: watch it, since a key that was retired
// meanwhile still opens. So it is with a file of a lower revision, such as one that was put back
// from a backup: it may have a key that has been retired since. A process that starts knows of no
// later one: never put a file back that has a retired key. [Ring.Reload] reads at once, and is how
// keys from a key management service come in.
//
// # The file
//
// Whoever reads it can make every token there is. It MUST be of mode 0600 or narrower, or it is
// refused; on Windows there are no such modes, and nothing is checked. Keep it outside of folders
// that are served, copied or backed up with what its keys seal. It is text, one line for each key:
//
//	wildgate-keyring 1
//	3f9a1c02 2026-11-30T12:00:00Z 2026-12-02T12:01:00Z BASE64 OF 32 BYTES
//	81b0d4e7 2026-11-30T12:01:00Z - BASE64 OF 32 BYTES
//	end 1764504060
//
// the key's ID, from when it seals, until when it opens ("-": until it is replaced), and the key;
// at the end the revision, which grows with each change.
// The ID is derived from the key, so that a line that was damaged is refused. [Keys.Encode] and
// [Parse] are this form as bytes, for a secret in a key management service.
package keyring
