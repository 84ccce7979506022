"""What goes with one more point: repeat orders, spend, value, scenarios, nonresponse."""
