// Client logs in to the quickstart and keeps a note.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpcauth/grpcauth/authclient"
	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:50051", "address of the quickstart")
	password := flag.String("password", "correct horse battery staple", "ada's password")
	flag.Parse()
	if err := run(*addr, *password); err != nil {
		log.Fatal(err)
	}
}

func run(addr, password string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	tls := insecure.NewCredentials() // on one machine only: anywhere else the token is not sent without TLS
	authConn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(tls))
	if err != nil {
		return err
	}
	defer authConn.Close()
	// readme:start client
	session, err := authclient.Login(ctx, authConn, "ada", password)
	if err != nil {
		return err
	}
	defer session.Close()
	conn, err := grpc.NewClient(addr, append(session.DialOptions(), grpc.WithTransportCredentials(tls))...)
	if err != nil {
		return err
	}
	defer conn.Close()
	notes := notesv1.NewNotesServiceClient(conn) // sends the token, and renews it by itself
	created, err := notes.CreateNote(ctx, &notesv1.CreateNoteRequest{Text: "buy milk"})
	// readme:end
	if err != nil {
		return err
	}
	fmt.Println("kept:", created.GetNote().GetText())
	return nil
}
