package notesgrpc

import (
	"context"
	"errors"
	"io"

	"connectrpc.com/connect"

	"github.com/wildgate/wildgate/docs/frameworks/internal/notesv1"
)

// Connect is a [Server] as Connect has it: a notesv1connect.NotesHandler.
type Connect struct{ Server *Server }

// Read returns a note.
func (c Connect) Read(ctx context.Context, r *connect.Request[notesv1.ReadRequest]) (*connect.Response[notesv1.Note], error) {
	return response(c.Server.Read(ctx, r.Msg))
}

// Write keeps a note.
func (c Connect) Write(ctx context.Context, r *connect.Request[notesv1.WriteRequest]) (*connect.Response[notesv1.Written], error) {
	return response(c.Server.Write(ctx, r.Msg))
}

// Follow returns a note three times.
func (c Connect) Follow(ctx context.Context, r *connect.Request[notesv1.ReadRequest], stream *connect.ServerStream[notesv1.Note]) error {
	for range 3 {
		if err := stream.Send(&notesv1.Note{Text: []byte(c.Server.Notes.As(ctx).Read(r.Msg.GetId()))}); err != nil {
			return err
		}
	}
	return nil
}

// Collect keeps a note that comes in pieces, which have one ID.
func (c Connect) Collect(
	ctx context.Context, stream *connect.ClientStream[notesv1.WriteRequest],
) (*connect.Response[notesv1.Written], error) {
	var text []byte
	id, first := "", true
	for stream.Receive() {
		if r := stream.Msg(); first || r.GetId() == id {
			id, first, text = r.GetId(), false, append(text, r.GetText()...)
		} else {
			return nil, connect.NewError(connect.CodeInvalidArgument, errors.New("the pieces are of two notes"))
		}
	}
	if err := stream.Err(); err != nil {
		return nil, err
	}
	return response(c.Server.write(ctx, id, text))
}

// Talk answers each request at once.
func (c Connect) Talk(ctx context.Context, stream *connect.BidiStream[notesv1.ReadRequest, notesv1.Note]) error {
	for {
		r, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(&notesv1.Note{Text: []byte(c.Server.Notes.As(ctx).Read(r.GetId()))}); err != nil {
			return err
		}
	}
}

// Crash panics.
func (c Connect) Crash(ctx context.Context, r *connect.Request[notesv1.Nothing]) (*connect.Response[notesv1.Nothing], error) {
	return response(c.Server.Crash(ctx, r.Msg))
}

// Health says that the service lives.
func (c Connect) Health(ctx context.Context, r *connect.Request[notesv1.Nothing]) (*connect.Response[notesv1.Note], error) {
	return response(c.Server.Health(ctx, r.Msg))
}

func response[T any](message *T, err error) (*connect.Response[T], error) {
	if err != nil {
		return nil, connect.NewError(connect.CodeInvalidArgument, err)
	}
	return connect.NewResponse(message), nil
}
