"""The drawing window: events and pixels; what a picture shows is for `tinycnn` to say."""
