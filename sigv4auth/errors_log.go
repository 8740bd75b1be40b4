package sigv4auth

import "log/slog"

// LogValue returns the reason for package slog; of no reason an empty group, which handlers leave
// out. So slog.Any("reason", event.Reason) says nothing of an admitted request. It implements
// [slog.LogValuer].
func (r Reason) LogValue() slog.Value {
	if r == "" {
		return slog.GroupValue()
	}
	return slog.String("", string(r)).Value
}

// LogValue returns what Error does for package slog; of a nil error an empty group, which handlers
// leave out. So slog.Any("error", AsError(err)) says nothing where err is nil. It implements
// [slog.LogValuer].
func (e *Error) LogValue() slog.Value {
	if e == nil {
		return slog.GroupValue()
	}
	return slog.String("", e.Error()).Value
}
