"""An Echo Show and a Google display that behave as Amazon's and Google's do, and speak to showcam over HTTP only."""
