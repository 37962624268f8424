"""What the posts of a simulated board say."""
