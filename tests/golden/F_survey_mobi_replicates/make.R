# Run in this folder. R 4.2.2, survey 4.1.1; the designs are invented for mobi.
suppressMessages(library(survey)); library(jsonlite)
d <- read.csv("../data/mobi.csv"); w <- read.csv("../data/mobi_weights.csv")
d$w <- w[[1]]
d$stratum <- (seq_len(250)-1) %/% 50           # five strata of 50 respondents
d$psu <- (seq_len(250)-1) %/% 10               # 25 clusters of 10, five a stratum
d$half <- (seq_len(250)-1) %/% 25              # two clusters of 25 in each stratum
strat <- svydesign(~psu, strata=~stratum, weights=~w, data=d)
pair <- svydesign(~half, strata=~stratum, weights=~w, data=d)
simple <- svydesign(~psu, weights=~w, data=d)
options(survey.replicates.mse=TRUE)
set.seed(11)
des <- list(brr=as.svrepdesign(pair,type="BRR"), fay=as.svrepdesign(pair,type="Fay",fay.rho=0.3),
  jk1=as.svrepdesign(simple,type="JK1"), jkn=as.svrepdesign(strat,type="JKn"),
  bootstrap=as.svrepdesign(strat,type="subbootstrap",replicates=24))
items <- c("PERQ1","PERQ3","PERQ7","CUSA1","CUSA2","CUSA3")
Q <- items[1:3]; S <- items[4:6]
# two constructs of Mode A items with one path: the weights are a fixed point of covariances
pls <- function(w, data){
  x <- as.matrix(data[,items]); w <- w/sum(w); m <- colSums(w*x); x <- sweep(x,2,m)
  C <- t(x)%*%(w*x); R <- cov2cor(C); a <- rep(1,3); b <- rep(1,3)
  for(i in 1:500){ a <- R[1:3,4:6]%*%b; a <- a/sqrt(c(t(a)%*%R[1:3,1:3]%*%a)); b <- R[4:6,1:3]%*%a; b <- b/sqrt(c(t(b)%*%R[4:6,4:6]%*%b)) }
  p <- c(t(a)%*%R[1:3,4:6]%*%b); sd <- sqrt(diag(C)); sh <- b/sd[4:6]; sh <- sh/sum(sh)
  idx <- sum(sh*(m[4:6]-1)/9*100)
  c(path=p, r_squared=p^2, weight=a[1,1], index=idx, mean=m[[4]])
}
des <- lapply(names(des), function(n){ r <- des[[n]]
  W <- round(weights(r,"analysis"),7); colnames(W) <- NULL
  svrepdesign(data=d, weights=~w, repweights=W, type="other", scale=r$scale, rscales=r$rscales, combined.weights=TRUE, mse=TRUE)}) |> setNames(names(des))
out <- lapply(names(des), function(n){ r <- des[[n]]
  W <- weights(r,"analysis"); res <- withReplicates(r, pls)
  list(kind=n, scale=r$scale, rscales=r$rscales, df=degf(r), 
       estimate=as.list(coef(res)), se=as.list(setNames(c(SE(res)),names(coef(res)))),
       mean_se=c(SE(svymean(~CUSA1,r))), mean_ci=c(confint(svymean(~CUSA1,r),df=degf(r))),
       weights=W)
})
names(out) <- names(des)
wts <- do.call(cbind, lapply(names(out), function(n){ m <- out[[n]]$weights; colnames(m) <- paste0(n,"_",seq_len(ncol(m))); m}))
write.csv(data.frame(w=d$w, stratum=d$stratum, psu=d$psu, half=d$half, wts), "../data/mobi_replicates.csv", row.names=FALSE)
for(n in names(out)) out[[n]]$weights <- NULL
write(toJSON(out,digits=15,auto_unbox=TRUE,pretty=TRUE),"expected.json")
print(sapply(out,function(o) c(o$scale,o$rscales[1],o$df,length(o$rscales))))
