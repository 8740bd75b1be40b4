package userpool

import (
	"strings"

	"github.com/wildgate/wildgate/sigv4auth"
)

// Purpose is what a code is for.
type Purpose string

// What codes are for.
const (
	// ConfirmAccount: the code confirms that who signs up has the address.
	ConfirmAccount Purpose = "confirm-sign-up"
	// ResetPassword: with the code a new password is set.
	ResetPassword Purpose = "forgot-password"
	// VerifyEmail: the code confirms that a user has the address.
	VerifyEmail Purpose = "verify-email"
	// Invitation: it is no code but the temporary password of a user whom an administrator made.
	Invitation Purpose = "invitation"
)

// Delivery is what Config.Deliver sends. Its Code reads REDACTED wherever it is printed.
type Delivery struct {
	_ [0]func()
	// Purpose says what Code is for.
	Purpose Purpose
	// Username is the user's.
	Username string
	// Email is where the code is to go. Its form has been checked: it has one @, and no white
	// space or control character. Empty, for an Invitation alone: the administrator gave none.
	Email string
	// Code is six digits, or the temporary password. Reveal returns it.
	Code sigv4auth.Secret
}

// masked returns an address as CodeDeliveryDetails show it.
func masked(email string) string {
	local, domain, _ := strings.Cut(email, "@")
	first := func(s string) string {
		for _, r := range s {
			return string(r)
		}
		return "*"
	}
	return first(local) + "***@" + first(domain) + "***"
}

// deliveryDetails is CodeDeliveryDetailsType.
type deliveryDetails struct {
	Destination    string
	DeliveryMedium string
	AttributeName  string
}

func byEmail(email string) *deliveryDetails {
	return &deliveryDetails{Destination: masked(email), DeliveryMedium: "EMAIL", AttributeName: "email"}
}
