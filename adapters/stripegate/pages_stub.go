package stripegate

import "net/http"

func (g *Gateway) showPortal(w http.ResponseWriter, r *http.Request)  { http.NotFound(w, r) }
func (g *Gateway) postPortal(w http.ResponseWriter, r *http.Request)  { http.NotFound(w, r) }
func (g *Gateway) showInvoice(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }
func (g *Gateway) showReceipt(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }
func (g *Gateway) showDesk(w http.ResponseWriter, r *http.Request)    { http.NotFound(w, r) }
func (g *Gateway) showEvent(w http.ResponseWriter, r *http.Request)   { http.NotFound(w, r) }
func (g *Gateway) postFaults(w http.ResponseWriter, r *http.Request)  { http.NotFound(w, r) }
func (g *Gateway) postDesk(w http.ResponseWriter, r *http.Request)    { http.NotFound(w, r) }
