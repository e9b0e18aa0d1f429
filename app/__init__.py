"""What both processes share, and the Streamlit app."""
