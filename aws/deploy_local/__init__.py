"""`make deploy-local`: the stack deployed into an AWS on this machine, and walked from linking to a picture."""
