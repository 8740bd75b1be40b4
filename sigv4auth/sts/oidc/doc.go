// Package oidc verifies and signs the JSON Web Tokens of package sts.
package oidc
