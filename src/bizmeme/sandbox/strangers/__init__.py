"""Those who judge a post that was sent to them: the vision API and the people in Label Studio."""
