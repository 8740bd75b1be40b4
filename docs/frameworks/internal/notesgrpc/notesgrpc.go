// Package notesgrpc serves the notes as a service of gRPC. It knows nothing of signatures and
// policies.
package notesgrpc

import (
	"bytes"
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/wildgate/wildgate/docs/frameworks/internal/notes"
	"github.com/wildgate/wildgate/docs/frameworks/internal/notesv1"
)

// Server is a [notesv1.NotesServer].
type Server struct {
	notesv1.UnimplementedNotesServer
	Notes *notes.Service
}

// Read returns a note.
func (s *Server) Read(ctx context.Context, r *notesv1.ReadRequest) (*notesv1.Note, error) {
	return &notesv1.Note{Text: []byte(s.Notes.As(ctx).Read(r.GetId()))}, nil
}

// Write keeps a note.
func (s *Server) Write(ctx context.Context, r *notesv1.WriteRequest) (*notesv1.Written, error) {
	return s.write(ctx, r.GetId(), r.GetText())
}

func (s *Server) write(ctx context.Context, id string, text []byte) (*notesv1.Written, error) {
	sum, err := s.Notes.As(ctx).Write(id, bytes.NewReader(text))
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, "the note cannot be read")
	}
	return &notesv1.Written{Sha256: sum}, nil
}

// Follow returns a note three times.
func (s *Server) Follow(r *notesv1.ReadRequest, stream grpc.ServerStreamingServer[notesv1.Note]) error {
	for range 3 {
		if err := stream.Send(&notesv1.Note{Text: []byte(s.Notes.As(stream.Context()).Read(r.GetId()))}); err != nil {
			return err
		}
	}
	return nil
}

// Collect keeps a note that comes in pieces, which have one ID.
func (s *Server) Collect(stream grpc.ClientStreamingServer[notesv1.WriteRequest, notesv1.Written]) error {
	var text []byte
	id, first := "", true
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if !first && r.GetId() != id {
			return status.Error(codes.InvalidArgument, "the pieces are of two notes")
		}
		id, first, text = r.GetId(), false, append(text, r.GetText()...)
	}
	written, err := s.write(stream.Context(), id, text)
	if err != nil {
		return err
	}
	return stream.SendAndClose(written)
}

// Talk answers each request at once.
func (s *Server) Talk(stream grpc.BidiStreamingServer[notesv1.ReadRequest, notesv1.Note]) error {
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(&notesv1.Note{Text: []byte(s.Notes.As(stream.Context()).Read(r.GetId()))}); err != nil {
			return err
		}
	}
}

// Crash panics.
func (s *Server) Crash(context.Context, *notesv1.Nothing) (*notesv1.Nothing, error) {
	s.Notes.Crash()
	return &notesv1.Nothing{}, nil
}

// Health says that the service lives.
func (s *Server) Health(context.Context, *notesv1.Nothing) (*notesv1.Note, error) {
	return &notesv1.Note{Text: []byte(s.Notes.Health())}, nil
}
