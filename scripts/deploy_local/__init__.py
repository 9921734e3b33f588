"""`make deploy-local`: deploys the stack into an AWS on this machine, and walks from linking to a picture."""
